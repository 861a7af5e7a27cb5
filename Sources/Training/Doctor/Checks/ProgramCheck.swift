/// One program on all ranks.
struct ProgramCheck: Check {
  struct Observation: Codable, Sendable {
    /// SHA-256 of the program's file.
    var digest: String?
    /// Why there is none.
    var problem: String?
  }

  static let name: StaticString = "program"

  func observe(_ world: Surroundings) -> Observation {
    do {
      return Observation(digest: try ComputeEnvironment.programDigest())
    } catch {
      return Observation(problem: "\(error)")
    }
  }

  func facts(_ seen: Observation) -> [Fact] {
    [Fact(title: "program", value: seen.digest.map { String($0.prefix(8)) } ?? "?")]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    var verdict = Verdict()
    let unread = seen.filter { $0.what.digest == nil }
    if let problem = unread.first?.what.problem { verdict.notChecked = [notChecked("\(unread.words()): \(problem)")] }
    let first = seen.first { $0.what.digest != nil }
    let others = seen.filter { $0.what.digest != nil && $0.what.digest != first?.what.digest }
    if let first, !others.isEmpty {
      let host = first.place.host
      verdict.findings = [
        finding(
          "\(others.words()) \(others.count == 1 ? "runs" : "run") another program than rank \(first.place.rank) on \(host)",
          why:
            "ranks of different builds need not compute the same bits, nor make the same calls; a training refuses (76)",
          remedy: "build once and copy, or use a shared folder: rsync -a \(host):$PWD/.build/release/ .build/release/")
      ]
    }
    return verdict
  }
}
