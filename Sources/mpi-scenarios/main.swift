import Glibc
import MessagePassing

// `mpirun -n P mpi-scenarios NAME [ARGUMENT …]`: runs one scenario on all ranks; each rank prints one line of JSON.
// Tests start it, compare the lines of several runs, and expect some of them to fail.

let scenarios: [String: (borrowing World, [String]) throws -> Report] = [
  "launch": launch,
  "collectives": collectives,
  "exchange": exchange,
  "nonblocking": nonblocking,
  "sums": sums,
  "statistics": statistics,
  "late": late,
  "gradients": gradients,
  "overlap-time": overlapTime,
  "agreement": agreement,
  "throw": throwOnOneRank,
  "abort": abortOnOneRank,
]

let arguments = Array(CommandLine.arguments.dropFirst())
guard let name = arguments.first, let scenario = scenarios[name] else {
  print("mpi-scenarios NAME [ARGUMENT …], with NAME one of: \(scenarios.keys.sorted().joined(separator: ", "))")
  exit(64)
}
let code = World.run(exitCode: { ($0 as? ScenarioFailure)?.exitCode ?? 70 }) { world in
  let report = try scenario(world, Array(arguments.dropFirst()))
  report.write(rank: world.communicator.rank, size: world.communicator.size)
  return 0
}
exit(code)
