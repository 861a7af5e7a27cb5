import Foundation
import TestSupport
import Testing

/// All suites that start ranks, one after another: their ranks would take each other's cores and time limits.
@Suite(.serialized) enum MultiProcess {}

/// What one rank said.
struct RankLine: Decodable, Equatable {
  let rank: Int
  let size: Int
  let values: [String: String]
}

/// Runs a scenario that must succeed, and gives what the ranks said, in rank order.
///
/// Records an issue if it fails, a rank is silent, MPI reports handles that were not freed, or a self-test of sums
/// fails, which the parameters that are set should never let happen here.
func scenario(
  _ arguments: [String], ranks: Int, environment: [String: String] = [:],
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> [RankLine] {
  let result = try MPIRun.run(ranks: ranks, "mpi-scenarios", arguments, environment: environment)
  let name = "\(arguments.joined(separator: " ")) on \(ranks) ranks"
  #expect(result.code == 0, "\(name): \(result.summary)", sourceLocation: sourceLocation)
  #expect(
    !result.errors.contains("does not add in tree order"), "\(name): \(result.summary)", sourceLocation: sourceLocation)
  #expect(!result.errors.contains("still allocated"), "\(name): \(result.summary)", sourceLocation: sourceLocation)
  let lines = try result.lines.map { try JSONDecoder().decode(RankLine.self, from: Data($0.utf8)) }
  #expect(
    lines.map(\.rank).sorted() == Array(0..<ranks), "\(name): ranks that spoke; \(result.summary)",
    sourceLocation: sourceLocation)
  return lines.sorted { $0.rank < $1.rank }
}
