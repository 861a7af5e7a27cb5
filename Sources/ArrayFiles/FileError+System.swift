import Glibc

extension FileError {
  /// The system's sentence for an error number.
  static func message(for code: Int32) -> String { String(cString: strerror(code)) }

  /// The error of the system call that has just failed on `path`: absent files are `missing`, all else is
  /// `inputOutput`.
  public static func system(_ operation: String, path: String) -> FileError {
    let code = errno
    return code == ENOENT
      ? .missing(path: path, advice: "check the path") : .inputOutput(path: path, operation: operation, code: code)
  }
}
