/// What can go wrong with a file, told so that a person knows what to do.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The file or folder is not there. Ends a job with 66.
  case missing(path: String, advice: String)
  /// The file is there and its content is not what it should be. Ends a job with 65.
  case damaged(path: String, reason: String)
  /// The operating system refused or failed. Ends a job with 74.
  case inputOutput(path: String, operation: String, code: Int32)

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .missing(let path, let advice): "\(path): not found; \(advice)"
    case .damaged(let path, let reason): "\(path): \(reason)"
    case .inputOutput(let path, let operation, let code):
      "\(path): \(operation) failed: \(FileError.message(for: code))"
    }
  }
}
