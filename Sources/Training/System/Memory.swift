import Glibc

/// What the operating system knows of this process's memory.
enum Memory {
  /// Largest resident size so far, in bytes: VmHWM of proc(5). In what getrusage(2) tells the process counts too that
  /// this one was started from, by fork and exec.
  static var peakBytes: Int {
    guard let words = SystemText.words(after: "VmHWM", inFile: "/proc/self/status"), let first = words.first,
      let kibibytes = Int(first)
    else {
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    }
    return kibibytes * 1024
  }
}
