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

  /// The same error told of `path` where it was told of what is written aside for it, or of a file within that.
  public func toldOf(_ path: String, insteadOf aside: String) -> FileError {
    func told(_ place: String) -> String { place.hasPrefix(aside) ? path + place.dropFirst(aside.count) : place }
    return switch self {
    case .missing(let place, let advice): .missing(path: told(place), advice: advice)
    case .damaged(let place, let reason): .damaged(path: told(place), reason: reason)
    case .inputOutput(let place, let operation, let code):
      .inputOutput(path: told(place), operation: operation, code: code)
    }
  }
}
