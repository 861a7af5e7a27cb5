/// A value that TensorBoard shows under a tag; what stands before a tag's first slash is the section it is shown in.
public struct TensorBoardSummary: Sendable {
  /// The forms that values have.
  enum Value: Sendable {
    case scalar(Float)
    case histogram(TensorBoardHistogram)
    case image(PNGImage)
    case parameters(HyperParameters)
  }

  /// The tag.
  public let tag: String
  let value: Value

  /// A point of a curve.
  public static func scalar(_ tag: String, _ value: Double) -> TensorBoardSummary {
    TensorBoardSummary(tag: tag, value: .scalar(Float(value)))
  }

  /// How a tensor's elements are distributed.
  public static func histogram(_ tag: String, _ value: TensorBoardHistogram) -> TensorBoardSummary {
    TensorBoardSummary(tag: tag, value: .histogram(value))
  }

  /// A picture.
  public static func image(_ tag: String, _ value: PNGImage) -> TensorBoardSummary {
    TensorBoardSummary(tag: tag, value: .image(value))
  }

  /// The settings of a run, or that it has ended: a row of the table of hyper-parameters.
  public static func parameters(_ value: HyperParameters) -> TensorBoardSummary {
    TensorBoardSummary(tag: value.tag, value: .parameters(value))
  }

  /// The fields of `Summary.Value`.
  func write(to message: inout ProtobufWriter) {
    message.string(1, tag)
    switch value {
    case .scalar(let value): message.float(2, value)
    case .image(let image):
      message.message(4) {
        $0.integer(1, image.height)
        $0.integer(2, image.width)
        $0.integer(3, 3)  // RGB
        $0.bytes(4, image.bytes)
      }
    case .histogram(let histogram): message.message(5, histogram.write)
    case .parameters(let parameters):
      // The plugin reads the metadata; a tensor has to be there all the same: one zero.
      message.message(8) {
        $0.integer(1, 1)  // float
        $0.message(2) { $0.message(2) { $0.integer(1, 1) } }
        $0.float(5, 0)
      }
      message.message(9) {
        $0.message(1) {
          $0.string(1, "hparams")
          $0.message(2, parameters.write)
        }
      }
    }
  }
}
