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
        lockstep bench kernels --timesteps 30720
      LOCKSTEP_ISA=avx2 before it measures another instruction set.
      """)

  @Flag(help: "Convolutions multiply bfloat16, as with `precision: bfloat16`.")
  var bfloat16 = false
  @Option(help: "Timesteps of the sequence that convolutions are measured on.")
  var timesteps = KernelBenchmark.timesteps
  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...1 << 20).contains(timesteps) else {
      throw ValidationError("--timesteps \(timesteps): must be 1 to 1048576")
    }
  }

  func run() throws {
    try onFirstRank {
      let result = try KernelBenchmark.run(bfloat16: bfloat16, timesteps: timesteps)
      print(try json ? result.json() : result.text)
      return 0
    }
  }
}
