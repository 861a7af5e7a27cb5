import Foundation
import TestSupport
import Testing

extension MultiProcess {
  /// The scenarios themselves compare with the tree formed locally; here the digests of all numbers of ranks are
  /// compared.
  @Suite struct CanonicalSumTests {
    static let counts = ["1", "2", "16", "1000", "30000", "262144", "1000003"]

    @Test func sumsHaveTheSameBitsOnEveryNumberOfRanks() throws {
      try expectSame(["sums", "8", "automatic"] + Self.counts, ranks: [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func theOwnExchangeHasTheSameBitsToo() throws {
      let automatic = try scenario(["sums", "8", "automatic"] + Self.counts, ranks: 1)
      for ranks in [2, 4, 8] {
        for line in try scenario(["sums", "8", "own"] + Self.counts, ranks: ranks) {
          #expect(line.values == automatic[0].values, "rank \(line.rank) of \(ranks)")
        }
      }
    }

    @Test func sixteenLanes() throws {
      try expectSame(["sums", "16", "automatic"] + Self.counts.dropLast(), ranks: [1, 2, 3, 5, 6, 7, 8])
    }

    @Test func anMPIThatAddsInARingIsNoticed() throws {
      let ring = ["OMPI_MCA_coll_tuned_allreduce_algorithm": "4", "OMPI_MCA_coll_libnbc_iallreduce_algorithm": "1"]
      for (arguments, function) in [
        (["sums", "8", "automatic", "30000"], "MPI_Allreduce"), (["gradients", "8", "overlap"], "MPI_Iallreduce"),
      ] {
        let one = try scenario(arguments, ranks: 1)
        let result = try MPIRun.run(ranks: 4, "mpi-scenarios", arguments, environment: ring)
        #expect(result.code == 0, "\(result.summary)")
        let said = result.errors.components(separatedBy: "lockstep: this MPI's \(function) of ").count - 1
        #expect(said == 1, "said so \(said) times: \(result.summary)")
        for line in result.lines {
          #expect(try JSONDecoder().decode(RankLine.self, from: Data(line.utf8)).values == one[0].values)
        }
      }
    }

    @Test func statisticsHaveTheSameBitsOnEveryNumberOfRanks() throws {
      try expectSame(["statistics", "8"], ranks: [1, 2, 3, 5, 8])
    }

    /// Every rank waits for the others, none of them in every call: the fewest seconds of a call are nearly none.
    @Test func aCallsFewestSecondsHoldNoWaiting() throws {
      let milliseconds = try scenario(["late", "400"], ranks: 2).map { line in
        try (0..<4).map { try #require(line.values["\($0)"].flatMap(Double.init), "call \($0) of rank \(line.rank)") }
      }
      for (rank, calls) in milliseconds.enumerated() {
        for (call, time) in calls.enumerated() where call % 2 != rank {
          #expect(time > 200, "rank \(rank) waits in call \(call): \(milliseconds)")
        }
      }
      let fewest = zip(milliseconds[0], milliseconds[1]).map { min($0, $1) }
      #expect(fewest.reduce(0, +) < 200, "\(milliseconds)")
    }

    @Test func gradientsHaveTheSameBitsWithOverlapAndWithout() throws {
      let one = try scenario(["gradients", "8", "overlap"], ranks: 1)
      let runs = [
        (2, "overlap"), (2, "blocking"), (2, "own"), (3, "overlap"), (4, "overlap"), (4, "blocking"), (6, "blocking"),
        (8, "overlap"), (8, "own"),
      ]
      for (ranks, mode) in runs {
        for line in try scenario(["gradients", "8", mode], ranks: ranks) {
          #expect(line.values == one[0].values, "\(mode), rank \(line.rank) of \(ranks)")
        }
      }
    }

    @Test(arguments: ["gradients", "statistics"]) func aDroppedContributionIsNoticed(what: String) throws {
      let one = try scenario([what, "8", "dropped"], ranks: 1)
      for (rank, ranks) in [(1, 2), (0, 3)] {
        let lines = try scenario(
          [what, "8", "dropped"], ranks: ranks, environment: ["LOCKSTEP_TEST_DROP": "\(what):\(rank)"])
        for name in one[0].values.keys {
          #expect(lines[0].values[name] != one[0].values[name], "\(name) without rank \(rank) of \(ranks)")
        }
      }
      let other = what == "gradients" ? "statistics" : "gradients"
      let lines = try scenario([what, "8", "dropped"], ranks: 2, environment: ["LOCKSTEP_TEST_DROP": "\(other):1"])
      #expect(lines[0].values == one[0].values, "\(what) while \(other) are dropped")
    }

    @Test func aDropThatCannotBeReadIsAnError() throws {
      let result = try MPIRun.run(
        ranks: 2, "mpi-scenarios", ["statistics", "8"], environment: ["LOCKSTEP_TEST_DROP": "weights:1"])
      #expect(result.code == 64, "\(result.summary)")
      #expect(result.errors.contains("gradients:RANK, statistics:RANK or weights:RANK:STEP"), "\(result.summary)")
    }

    /// Every rank of every number of ranks says what one rank says.
    private func expectSame(_ arguments: [String], ranks numbers: [Int]) throws {
      let first = try scenario(arguments, ranks: numbers[0])
      #expect(!first[0].values.isEmpty)
      for ranks in numbers.dropFirst() {
        for line in try scenario(arguments, ranks: ranks) {
          #expect(line.values == first[0].values, "\(arguments), rank \(line.rank) of \(ranks)")
        }
      }
    }
  }
}
