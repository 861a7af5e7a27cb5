import PackedTensors

/// The instruction sets by which ranks compute.
struct InstructionSetCheck: Check {
  struct Observation: Codable, Sendable {
    /// The one in use.
    var active: String
    /// The fastest that the processor has.
    var best: String
    /// What is wrong with LOCKSTEP_ISA, if anything.
    var problem: String?
  }

  static let name: StaticString = "instructions"

  func observe(_ world: Surroundings) -> Observation {
    Observation(
      active: InstructionSet.active.rawValue, best: InstructionSet.best.rawValue,
      problem: InstructionSet.environmentProblem)
  }

  func facts(_ seen: Observation) -> [Fact] { [Fact(title: "instructions", value: seen.active)] }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    let refused = seen.filter { $0.what.problem != nil }
    if let problem = refused.first?.what.problem {
      return Verdict(findings: [
        finding(
          "\(refused.words()): \(problem)", why: "a training refuses to start with it (64)",
          remedy: "unset LOCKSTEP_ISA")
      ])
    }
    /// Both of AVX-512 count as one: they differ in how fast bfloat16 is, and either may be the faster.
    func width(_ name: String) -> Int {
      InstructionSet.allCases.firstIndex { $0.rawValue == name || $0 == .avx512 && name == "avx512bf16" } ?? 0
    }
    let fastest = seen.map(\.what.active).max { width($0) < width($1) } ?? ""
    let slowest = seen.map(\.what.active).min { width($0) < width($1) } ?? ""
    let slow = seen.filter { $0.what.active == slowest }
    let isForced = slow.contains { $0.what.best != $0.what.active }
    if width(slowest) != width(fastest) {
      return Verdict(findings: [
        finding(
          "\(slow.words()) \(slow.count == 1 ? "computes" : "compute") with \(slowest), others with \(fastest)",
          why: "the bits are the same; the slowest rank decides the speed of all",
          remedy: isForced ? "unset LOCKSTEP_ISA there" : "hosts of one kind, or fewer ranks on the slower")
      ])
    }
    guard slowest == InstructionSet.portable.rawValue else { return Verdict() }
    return Verdict(findings: [
      finding(
        "all ranks compute without AVX2", why: "the bits are the same; the portable kernels are slow",
        remedy: isForced ? "unset LOCKSTEP_ISA" : "processors with AVX2 and FMA (lscpu | grep avx2)")
    ])
  }
}
