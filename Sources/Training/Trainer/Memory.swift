import Glibc

/// What the operating system knows of this process's memory.
enum Memory {
  /// Largest resident size so far, in bytes.
  static var peakBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
