import Foundation
import TestSupport
import Testing

extension Commands {
  /// What `plan` predicts, and the figures that it can be given.
  @Suite struct ScalingTests {
    private struct Times: Decodable {
      struct Size: Decodable {
        var bytes: Int
        var allReduceMicroseconds, startedAllReduceMicroseconds, allGatherMicroseconds: Double
      }
      var ranks, hosts: Int
      var sizes: [Size]
    }

    private func plan(_ more: String) throws -> String {
      let experiment = try Experiment.masked.get()
      return "plan \(try experiment.recipe) --data \(experiment.data) \(more)"
    }

    /// The first numbers of the tables' rows.
    private func rows(_ output: String) -> [Int] {
      output.split(separator: "\n").drop { !$0.hasPrefix("predicted") }
        .map { $0.split(separator: " ") }.filter { $0.count == 10 }.compactMap { Int($0[0]) }
    }

    @Test func moreRanksThanLanesArePredictedForMoreLanes() throws {
      let output = try lockstep(try plan("--ranks 20 --latency-us 2")).output
      #expect(output.contains("20 ranks need at least 20 lanes and the recipe has 8"), "\(output)")
      #expect(output.contains("of 32 lanes, which on one rank take"), "\(output)")
      #expect(output.contains("latency given, bandwidth assumed: 2 us, 25 Gbit/s"), "\(output)")
      #expect(rows(output) == [1, 2, 4, 8, 16, 20, 1, 2, 4, 8, 16, 20], "\(output)")
    }

    @Test func boundsThatCannotGrowStayAsTheyAre() throws {
      let output = try lockstep(try plan("--ranks 4 --set batch.sequences=\(Int.max)")).output
      #expect(rows(output) == [1, 2, 4, 8, 1, 2, 4, 8], "\(output)")
    }

    @Test func theRecipesLanesAreTheLeastThatIsPredicted() throws {
      let output = try lockstep(try plan("--gigaflops 100 --cores 2")).output
      #expect(output.contains("assumed, TCP over 25 Gbit/s Ethernet: 25 us, 25 Gbit/s"), "\(output)")
      #expect(
        output.contains("100.0 GFLOP/s at this model") && output.contains("2 for all ranks together"), "\(output)")
      #expect(rows(output) == [1, 2, 4, 8, 1, 2, 4, 8], "\(output)")
    }

    @Test func twoRanksMeasureANetworkThatPlanReads() throws {
      let output = try lockstep("bench collectives --json", ranks: 2).output
      let times = try JSONDecoder().decode(Times.self, from: Data(output.utf8))
      #expect(times.ranks == 2 && times.hosts == 1)
      #expect(times.sizes.map(\.bytes) == (3...24).map { 1 << $0 })
      for size in times.sizes {
        let all = [size.allReduceMicroseconds, size.startedAllReduceMicroseconds, size.allGatherMicroseconds]
        #expect(all.allSatisfy { $0 > 0 && $0 < 1e7 }, "\(size)")
      }
      #expect(times.sizes.last!.allReduceMicroseconds > times.sizes[0].allReduceMicroseconds)
      let file = try Workplace.file("network.json", output)
      #expect(try lockstep(try plan("--network \(file)")).output.contains("network  \(file): "))
      try refused(try plan("--network \(file) --latency-us 2"), code: 64, saying: "--network excludes")
    }

    @Test func whatCannotBePredictedIsRefused() throws {
      try refused(try plan("--ranks 5000"), code: 64, saying: "--ranks 5000", "4096")
      try refused(try plan("--latency-us=-1"), code: 64, saying: "--latency-us -1")
      try refused(try plan("--bandwidth-gbps 0"), code: 64, saying: "--bandwidth-gbps 0")
      try refused(try plan("--bandwidth-gbps nan"), code: 64, saying: "--bandwidth-gbps nan")
      try refused(try plan("--gigaflops 0"), code: 64, saying: "--gigaflops 0")
      try refused(try plan("--cores 0"), code: 64, saying: "--cores 0")
      try refused(try plan("--network /nowhere.json"), code: 66, saying: "/nowhere.json")
      let other = try Workplace.file("other.json", "{}")
      try refused(try plan("--network \(other)"), code: 65, saying: other, "bench collectives --json")
      let four = try Workplace.file(
        "four.json",
        """
        {"ranks": 4, "hosts": 1, "sizes": [
          {"bytes": 8, "allReduceMicroseconds": 1, "startedAllReduceMicroseconds": 1, "allGatherMicroseconds": 1},
          {"bytes": 16, "allReduceMicroseconds": 1, "startedAllReduceMicroseconds": 1, "allGatherMicroseconds": 1}]}
        """)
      try refused(try plan("--network \(four)"), code: 64, saying: "measured on 4 ranks")
      let zero = try Workplace.file(
        "zero.json",
        try String(contentsOfFile: four, encoding: .utf8).replacingOccurrences(of: "nds\": 1", with: "nds\": 0"))
      try refused(
        try plan("--network \(zero)"), code: 65, saying: zero, "a call of 8 bytes takes 0.0 microseconds",
        "mpirun -n 2 lockstep bench collectives --json")
      try refused("bench collectives", code: 64, saying: "at least two ranks")
    }
  }
}
