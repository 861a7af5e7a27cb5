/// What the control groups around this process leave it, such as a container's limits (cgroups(7), versions 1 and 2).
enum ControlGroup {
  /// Cores' worth of time; nil for no limit.
  static var cores: Double? {
    let limits = values("cpu", "cpu.max") { folder in
      let words = SystemText.file("\(folder)/cpu.max")?.split(separator: " ") ?? []
      guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]) else { return nil }
      return quota / period
    } old: { folder in
      guard let quota = number("\(folder)/cpu.cfs_quota_us"), let period = number("\(folder)/cpu.cfs_period_us"),
        quota > 0, period > 0
      else { return nil }
      return quota / period
    }
    return limits.min()
  }

  /// Bytes that may still be used; nil for no limit. What the system can drop of cached files counts as free.
  static var freeBytes: Int? {
    func free(_ folder: String, limit: String, usage: String, cached: String) -> Double? {
      guard let limit = number("\(folder)/\(limit)"), let usage = number("\(folder)/\(usage)") else { return nil }
      let words = SystemText.words(after: cached, inFile: "\(folder)/memory.stat")
      return max(0, limit - usage + (words?.first.flatMap { Double($0) } ?? 0))
    }
    let limits = values("memory", "memory.max") {
      free($0, limit: "memory.max", usage: "memory.current", cached: "inactive_file ")
    } old: {
      free($0, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", cached: "total_inactive_file ")
    }
    // Version 1 tells no limit as a number of nearly 2^63.
    return limits.filter { $0 < 0x1p60 }.min().map { Int($0) }
  }

  /// What this process's group and all above it say. In a container their path may be that of the host; the folder that
  /// is mounted then is the group itself.
  private static func values(
    _ controller: String, _ file: String, _ unified: (String) -> Double?, old: (String) -> Double?
  ) -> [Double] {
    var found: [Double] = []
    for line in SystemText.file("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      if fields[0] == "0" {
        for group in groups(fields[2]) { unified("/sys/fs/cgroup" + group).map { found.append($0) } }
      } else if fields[1].split(separator: ",").contains(Substring(controller)) {
        for group in groups(fields[2]) { old("/sys/fs/cgroup/\(controller)" + group).map { found.append($0) } }
      }
    }
    return found
  }

  /// `/a/b`, `/a` and the root, which is the empty path.
  private static func groups(_ path: Substring) -> [String] {
    var path = path
    var all: [String] = []
    while let slash = path.lastIndex(of: "/") {
      if path.count > 1 { all.append(String(path)) }
      path = path[..<slash]
    }
    return all + [""]
  }

  private static func number(_ path: String) -> Double? { SystemText.file(path).flatMap { Double($0) } }
}
