import MessagePassing

/// How this rank was started, and which ranks are on its machine.
func launch(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  var report = Report()
  let local = try world.communicator.splitShared()
  report.set("localRank", local.rank)
  report.set("localSize", local.size)
  report.set("ranks", try world.communicator.allReduce(1 as Int32, .sum))
  return report
}

/// `throw RANK [CODE]`: this rank throws while the others wait for it.
func throwOnOneRank(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let rank = arguments.first.flatMap { Int($0) } ?? 0
  let code = arguments.dropFirst().first.flatMap { Int32($0) } ?? 65
  try world.communicator.barrier()
  if world.communicator.rank == rank {
    throw ScenarioFailure(description: "shard values-00000.npy is damaged", exitCode: code)
  }
  try world.communicator.barrier()
  return Report()
}

/// `abort RANK CODE`: this rank ends the job while the others compute and never call MPI again.
func abortOnOneRank(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let rank = arguments.first.flatMap { Int($0) } ?? 0
  let code = arguments.dropFirst().first.flatMap { Int32($0) } ?? 42
  try world.communicator.barrier()
  if world.communicator.rank == rank { World.abort(code: code, message: "asked to abort") }
  let start = ContinuousClock.now
  while ContinuousClock.now - start < .seconds(30) {}
  throw ScenarioFailure(description: "rank \(world.communicator.rank) outlived the abort")
}
