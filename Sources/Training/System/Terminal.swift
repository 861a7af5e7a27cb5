import Glibc

/// A window in which somebody reads: a terminal behind a file descriptor.
public struct Terminal: Sendable {
  private let descriptor: Int32

  /// The terminal of a file descriptor; nil where a file or pipe stands behind it.
  public init?(_ descriptor: Int32) {
    guard isatty(descriptor) == 1 else { return nil }
    self.descriptor = descriptor
  }

  /// Goes to the line's beginning and empties it.
  public static let beginningOfEmptyLine = "\r\u{1B}[K"

  /// Columns and rows of the window as it is now; nil where it does not tell.
  public var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1, size.ws_row > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
