import ArrayFiles

/// What can be wrong with data: told with file, sequence and position, and with the code that the job ends with.
public enum DataError: Error, Equatable, CustomStringConvertible {
  /// A file or folder is absent, cannot be read or written, or is damaged as a whole.
  case file(FileError)
  /// A value of a data set is not finite or not a category.
  case value(path: String, sequence: Int, timestep: Int, feature: Int, value: String, expected: String)
  /// An entry of a shard's offsets, labels, splits or groups is wrong; `sequence` counts over the whole data set.
  case entry(path: String, sequence: Int, index: Int, reason: String)
  /// A text source is wrong at a line.
  case line(path: String, line: Int, reason: String)
  /// Something was asked for that cannot be done.
  case usage(String)

  /// A file's content is not what it should be.
  static func damaged(_ path: String, _ reason: String) -> DataError { .file(.damaged(path: path, reason: reason)) }

  /// The error itself if it is one of this module's, wrapped if it is one of ArrayFiles'.
  static func wrapping(_ error: any Error) -> any Error {
    (error as? FileError).map(DataError.file) ?? error
  }

  /// Runs `body`, whose file errors become data errors.
  static func wrap<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch { throw wrapping(error) }
  }

  /// The code that the job ends with: 64 usage, 65 damaged data, 66 missing input, 74 input or output failed.
  public var exitCode: Int32 {
    switch self {
    case .file(.missing): 66
    case .file(.damaged), .value, .entry, .line: 65
    case .file(.inputOutput): 74
    case .usage: 64
    }
  }

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .value(let path, let sequence, let timestep, let feature, let value, let expected):
      "\(path): sequence \(sequence), timestep \(timestep), feature \(feature): the value is \(value); "
        + "expected \(expected)"
    case .entry(let path, let sequence, let index, let reason):
      "\(path): sequence \(sequence) (entry \(index) of this shard): \(reason)"
    case .line(let path, let line, let reason): "\(path), line \(line): \(reason)"
    case .usage(let sentence): sentence
    }
  }
}
