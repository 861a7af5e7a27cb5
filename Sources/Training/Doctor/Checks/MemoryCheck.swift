/// Memory for every rank.
struct MemoryCheck: Check {
  struct Observation: Codable, Sendable {
    /// Bytes that can still be had on the machine, or within the container.
    var freeBytes: Int?
    /// Whether activations get large pages: `always`, `madvise` or `never`.
    var hugePages: String?
  }

  static let name: StaticString = "memory"
  /// What a rank of the smallest model and batches needs, with MPI's own buffers, and some room.
  static let leastBytes = 256 << 20

  func observe(_ world: Surroundings) -> Observation {
    let modes = SystemText.file("/sys/kernel/mm/transparent_hugepage/enabled")
    let mode = modes?.split(separator: "[").last?.split(separator: "]").first.map(String.init)
    return Observation(freeBytes: FreeSpace.memoryBytes, hugePages: mode)
  }

  func facts(_ seen: Observation) -> [Fact] {
    [
      Fact(title: "memory free", value: seen.freeBytes.map(Quantity.bytes) ?? "?", isOfHost: true),
      Fact(title: "large pages", value: seen.hugePages ?? "?", isOfHost: true),
    ]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    var verdict = Verdict()
    for ranks in seen.byHost() {
      let host = ranks[0].place.host
      guard let free = ranks[0].what.freeBytes else {
        verdict.notChecked.append(notChecked("\(host): /proc/meminfo does not tell the free memory"))
        continue
      }
      if free / ranks.count < MemoryCheck.leastBytes {
        verdict.findings.append(
          finding(
            "\(host) has \(Quantity.bytes(free)) of memory free, \(Quantity.bytes(free / ranks.count)) for each of \(ranks.count) ranks",
            why: "the kernel kills a rank that asks for more than there is; the job then ends with 137",
            remedy:
              "fewer ranks on this host, or a higher limit of its container; lockstep plan RECIPE --data DIR tells what a rank needs"
          ))
      }
    }
    let small = seen.leaders().filter { $0.what.hugePages == "never" }
    if !small.isEmpty {
      verdict.findings.append(
        finding(
          "transparent huge pages are switched off on \(small.map(\.place.host).joined(separator: ", "))",
          why: "activations then lie in pages of 4 KiB: more faults, and more misses of the address cache",
          remedy: "as root there: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"))
    }
    return verdict
  }
}
