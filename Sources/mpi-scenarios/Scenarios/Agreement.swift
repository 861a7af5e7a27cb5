import DataParallel
import MessagePassing

/// `agreement all|differ RANK|first|one RANK`: decisions taken together, and errors that reach all ranks.
func agreement(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let agreement = Agreement(communicator: world.communicator)
  let rank = world.communicator.rank
  let chosen = arguments.dropFirst().first.flatMap { Int($0) } ?? 0
  let damaged = ScenarioFailure(description: "recipe.yaml: line 3: unknown key", exitCode: 64)
  func code(_ error: any Error) -> Int32 { (error as? ScenarioFailure)?.exitCode ?? 70 }
  switch arguments.first {
  case "differ": try agreement.requireSame(rank == chosen ? "b" : "a", of: "The recipe")
  case "first":
    _ = try agreement.fromFirstRank(exitCode: code) { throw damaged }
  case "one":
    try agreement.together(exitCode: code) { if rank == chosen { throw damaged } }
  default:
    try expect(try agreement.largest(Int32(rank)), Int32(world.communicator.size - 1), "largest")
    try expect(try agreement.any(rank == 0), true, "any")
    try expect(try agreement.any(false), false, "any of none")
    try expect(try agreement.all(rank == 0), world.communicator.size == 1, "all")
    try expect(try agreement.all(true), true, "all of all")
    try agreement.requireSame("same", of: "The recipe")
    let bytes = try agreement.fromFirstRank(exitCode: code) { [1, 2, 3] }
    try expect(bytes, [1, 2, 3], "rank 0's bytes")
    try expect(try agreement.together(exitCode: code) { rank }, rank, "own result")
  }
  return Report()
}
