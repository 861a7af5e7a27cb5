import Glibc

/// Room on file systems and in memory.
enum FreeSpace {
  /// Bytes that this user may still write to the file system that holds a path; nil where it does not tell.
  static func bytes(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }

  /// Bytes of memory that can be had without swapping: the machine's, or what a control group leaves of them.
  static var memoryBytes: Int? {
    let words = SystemText.words(after: "MemAvailable:", inFile: "/proc/meminfo")
    let machine = words?.first.flatMap { Int($0) }.map { $0 << 10 }
    return [machine, ControlGroup.freeBytes].compactMap(\.self).min()
  }
}
