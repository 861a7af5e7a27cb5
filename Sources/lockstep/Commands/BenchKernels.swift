import ArgumentParser
import Training

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract:
      "How near the operations come to the processor's limits, on one core: FLOP a second, nanoseconds a timestep.",
    discussion: "Example: lockstep bench kernels (LOCKSTEP_ISA=avx2 measures another instruction set)")

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try onFirstRank {
      let result = KernelBenchmark.run()
      print(try json ? result.json() : result.text)
      return 0
    }
  }
}
