import Glibc

/// What the operating system knows of this process's memory.
enum Memory {
  /// Largest resident size so far, in bytes.
  ///
  /// What getrusage(2) tells may be the peak of the process that this one was started from, by fork and exec, until it has grown beyond.
  /// Until then VmHWM of proc(5) tells; reading it at every step would take too long (some 0.2 ms behind a step).
  static var peakBytes: Int {
    let resident = residentPeak
    return resident > foreignPeak ? resident : ownPeak ?? resident
  }

  /// The other process's peak, if getrusage told that at first; else 0.
  private static let foreignPeak: Int = {
    let resident = residentPeak
    guard let ownPeak else { return 0 }
    return resident > ownPeak ? resident : 0
  }()

  private static var residentPeak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  private static var ownPeak: Int? {
    SystemText.words(after: "VmHWM", inFile: "/proc/self/status")?.first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
