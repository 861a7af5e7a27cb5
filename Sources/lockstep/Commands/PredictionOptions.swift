import ArgumentParser
import Training

/// What `plan` is told of the machines that a training is meant for.
struct PredictionOptions: ParsableArguments {
  @Option(
    help: "The network: a file that bench collectives --json printed on two ranks.",
    completion: .file(extensions: ["json"]))
  var network: String?

  @Option(
    help:
      "Microseconds of a short message between two ranks (assumed: \(ScalingAssumptions.defaultLatencyMicroseconds))."
  )
  var latencyUs: Double?

  @Option(help: "Gbit/s from a rank to another (assumed: \(ScalingAssumptions.defaultGigabitsPerSecond)).")
  var bandwidthGbps: Double?

  @Option(help: "Gigaflops of one core at this model; otherwise measured here.")
  var gigaflops: Double?

  @Option(help: "Cores for all ranks together; otherwise one for each.")
  var cores: Int?

  func validate() throws {
    try refuseEmpty(("--network", network))
    if network != nil && (latencyUs ?? bandwidthGbps) != nil {
      throw ValidationError("--network excludes --latency-us and --bandwidth-gbps")
    }
    if let latencyUs, !(latencyUs >= 0 && latencyUs <= 1e6) {
      throw ValidationError("--latency-us \(latencyUs): expected a number from 0 to 1000000")
    }
    for (name, value) in [("--bandwidth-gbps", bandwidthGbps), ("--gigaflops", gigaflops)] {
      if let value, !(value > 0 && value.isFinite) {
        throw ValidationError("\(name) \(value): expected a number above 0")
      }
    }
    if let cores, cores < 1 { throw ValidationError("--cores \(cores): expected a number from 1 on") }
  }

  var assumptions: ScalingAssumptions {
    var assumptions = ScalingAssumptions()
    assumptions.networkFile = network
    assumptions.latencyMicroseconds = latencyUs
    assumptions.gigabitsPerSecond = bandwidthGbps
    assumptions.gigaflops = gigaflops
    assumptions.cores = cores
    return assumptions
  }
}
