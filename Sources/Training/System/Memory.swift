import Glibc

/// What the operating system knows of this process's memory.
enum Memory {
  /// Largest resident size so far, in bytes.
  ///
  /// In what getrusage(2) tells, the process counts too that this one was started from, by fork and exec. That part stays as it
  /// is, so that whatever is more than at the first look is this one's own. Until then VmHWM of proc(5) tells; it takes a
  /// hundred times as long, too long for every step.
  static var peakBytes: Int {
    let resident = residentPeak
    return resident > firstPeak ? resident : ownPeak ?? resident
  }

  /// As getrusage(2) told it first.
  private static let firstPeak = residentPeak

  private static var residentPeak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }

  private static var ownPeak: Int? {
    SystemText.words(after: "VmHWM", inFile: "/proc/self/status")?.first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
