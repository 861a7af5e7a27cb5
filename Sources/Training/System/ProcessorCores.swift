/// The cores that a process may compute on.
struct ProcessorCores: Codable, Sendable, Equatable {
  /// Hardware threads, by the kernel's numbers, that the process is bound to, or may use.
  var allowed: [Int]
  /// The cores that these belong to, each called by its first hardware thread.
  var cores: [Int]
  /// Cores of the whole machine.
  var coresOfHost: Int
  /// Cores' worth of time that a control group, such as a container's, leaves; none for no limit.
  var quota: Double?

  /// Those of this process; nil where the kernel does not tell.
  static var own: ProcessorCores? {
    guard let words = SystemText.words(after: "Cpus_allowed_list:", inFile: "/proc/self/status"),
      let list = words.first,
      let allowed = SystemText.numbers(list), !allowed.isEmpty
    else { return nil }
    let online = SystemText.file("/sys/devices/system/cpu/online").flatMap { SystemText.numbers($0) } ?? allowed
    return ProcessorCores(
      allowed: allowed, cores: cores(of: allowed), coresOfHost: cores(of: online).count, quota: ControlGroup.cores)
  }

  private static func cores(of threads: [Int]) -> [Int] {
    Set(
      threads.map { thread in
        SystemText.file("/sys/devices/system/cpu/cpu\(thread)/topology/thread_siblings_list")
          .flatMap { SystemText.numbers($0)?.first } ?? thread
      }
    ).sorted()
  }
}
