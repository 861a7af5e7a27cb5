import Glibc
import Synchronization
import Training

/// A terminal that is drawn on: the window's other screen, no cursor, keys without their return. Gives all back at the end.
struct WatchScreen: ~Copyable {
  /// What happened while one waited.
  enum Event {
    case time, resized, leave
  }

  private static let wasResized = Atomic<Bool>(false)
  private static let wasStopped = Atomic<Bool>(false)
  private let terminal: Terminal
  private let input: termios?

  /// Takes the terminal of standard output.
  init(_ terminal: Terminal) {
    self.terminal = terminal
    var before = termios()
    if tcgetattr(STDIN_FILENO, &before) == 0 {
      var keys = before
      keys.c_lflag &= ~tcflag_t(ICANON | ECHO)
      tcsetattr(STDIN_FILENO, TCSANOW, &keys)
      input = before
    } else {
      input = nil
    }
    WatchScreen.onSignal(SIGWINCH) { _ in WatchScreen.wasResized.store(true, ordering: .relaxed) }
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      WatchScreen.onSignal(signal) { _ in WatchScreen.wasStopped.store(true, ordering: .relaxed) }
    }
    WatchScreen.write("\u{1B}[?1049h\u{1B}[?25l")
  }

  deinit {
    WatchScreen.write("\u{1B}[?25h\u{1B}[?1049l")
    if var input { tcsetattr(STDIN_FILENO, TCSANOW, &input) }
  }

  /// Columns and rows of the window.
  var size: (columns: Int, rows: Int) { terminal.size ?? (80, 24) }

  /// Draws over what is there, so that nothing flickers.
  func draw(_ lines: [String]) {
    WatchScreen.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
  }

  /// Waits for a key, a signal, or the time to be over.
  func wait(seconds: Double) -> Event {
    var keys = pollfd(fd: input == nil ? -1 : STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    let ready = poll(&keys, 1, Int32(seconds * 1000))
    if WatchScreen.wasStopped.load(ordering: .relaxed) { return .leave }
    if WatchScreen.wasResized.exchange(false, ordering: .relaxed) { return .resized }
    guard ready > 0 else { return .time }
    var key: UInt8 = 0
    // A terminal that is gone is at its end.
    guard read(STDIN_FILENO, &key, 1) == 1 else { return .leave }
    return [UInt8(ascii: "q"), UInt8(ascii: "Q"), 4, 27].contains(key) ? .leave : .resized
  }

  /// No restart of calls: a signal ends the waiting.
  private static func onSignal(_ signal: Int32, _ body: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = body
    sigaction(signal, &action, nil)
  }

  private static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }
}
