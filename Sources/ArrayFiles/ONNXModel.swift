/// A graph with what readers need to know of it: the content of an `.onnx` file.
public struct ONNXModel: Sendable {
  /// The version of the format: that of ONNX 1.12, which brought the operators below.
  public static let formatVersion = 8
  /// The version of the operators: the first with `LayerNormalization`.
  public static let operatorVersion = 17
  /// The most bytes that a protocol buffer message may have.
  public static let largestFile = 1 << 31 - 1

  /// What is computed.
  public var graph: ONNXGraph
  /// The program that made it.
  public var producer: String
  /// Facts for programs, by name.
  public var metadata: [String: String]

  /// A model.
  public init(graph: ONNXGraph, producer: String, metadata: [String: String]) {
    self.graph = graph
    self.producer = producer
    self.metadata = metadata
  }

  /// The message `ModelProto`: equal models give equal bytes.
  /// - Precondition: the tensors have fewer bytes than ``largestFile`` leaves room for.
  public var bytes: [UInt8] {
    let message = ProtobufWriter {
      $0.integer(1, Self.formatVersion)
      $0.string(2, producer)
      $0.string(6, graph.description)
      $0.message(7, graph.write)
      $0.message(8) {
        $0.string(1, "")
        $0.integer(2, Self.operatorVersion)
      }
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
        $0.message(14) {
          $0.string(1, key)
          $0.string(2, value)
        }
      }
    }
    precondition(message.bytes.count <= Self.largestFile, "a model of \(message.bytes.count) bytes")
    return message.bytes
  }
}
