/// What TensorBoard's table of hyper-parameters is told of a run.
///
/// Source: `plugin_data.proto` of TensorBoard's plugin `hparams`. The plugin finds the columns of the table by itself, so
/// that runs with different settings can stand in one; metrics are the last values of each curve.
public enum HyperParameters: Sendable {
  /// One setting's value.
  public enum Value: Sendable, Equatable {
    /// A number.
    case number(Double)
    /// A truth value.
    case flag(Bool)
    /// Anything else.
    case text(String)
  }

  /// The settings of a run, in order, and when it began in seconds since 1970.
  case settings([(name: String, value: Value)], startSeconds: Double)
  /// That a run has done all its steps, in seconds since 1970.
  case success(endSeconds: Double)

  var tag: String {
    switch self {
    case .settings: "_hparams_/session_start_info"
    case .success: "_hparams_/session_end_info"
    }
  }

  /// The fields of `HParamsPluginData`.
  func write(to message: inout ProtobufWriter) {
    message.integer(1, 0)  // version
    switch self {
    case .settings(let settings, let seconds):
      message.message(3) { session in
        for (name, value) in settings {
          session.message(1) {
            $0.string(1, name)
            $0.message(2, value.write)
          }
        }
        session.double(5, seconds)
      }
    case .success(let seconds):
      message.message(4) {
        $0.integer(1, 1)
        $0.double(2, seconds)
      }
    }
  }
}

extension HyperParameters.Value {
  /// The fields of `google.protobuf.Value`.
  fileprivate func write(to message: inout ProtobufWriter) {
    switch self {
    case .number(let number): message.double(2, number)
    case .text(let text): message.string(3, text)
    case .flag(let flag): message.integer(4, flag ? 1 : 0)
    }
  }
}
