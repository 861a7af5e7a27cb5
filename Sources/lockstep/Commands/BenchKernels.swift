import ArgumentParser
import Training

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract:
      "How near the operations come to the processor's limits, on one core: FLOP a second, nanoseconds a timestep.",
    discussion: """
      Examples:
        lockstep bench kernels
        lockstep bench kernels --bfloat16 --json
      LOCKSTEP_ISA=avx2 before it measures another instruction set.
      """)

  @Flag(help: "Convolutions multiply bfloat16, as with `precision: bfloat16`.")
  var bfloat16 = false
  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try onFirstRank {
      let result = KernelBenchmark.run(bfloat16: bfloat16)
      print(try json ? result.json() : result.text)
      return 0
    }
  }
}
