import Foundation
import Testing

@testable import Training

@Suite struct NetworkTests {
  /// 10 us a message, 1 GB a second.
  private let network = Network(latencySeconds: 1e-5, bytesPerSecond: 1e9, name: "")

  private func expect(
    _ seconds: Double, _ expected: Double, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      abs(seconds - expected) <= 1e-9 * expected, "\(what): \(seconds) s, expected \(expected) s",
      sourceLocation: sourceLocation)
  }

  @Test func aMessageIsLatencyAndBytes() {
    for bytes in [0.0, 1, 1e3, 1e6, 5e7] {
      expect(network.exchange(bytes), 1e-5 + bytes / 1e9, "\(bytes) bytes")
    }
  }

  @Test func sumsAreTheirRounds() {
    // Four ranks halve 8 MB to 4 and 2, and double again: four messages, 12 MB.
    #expect(Network.rounds(allReducing: 8e6, ranks: 4) == [4e6, 2e6, 2e6, 4e6])
    expect(network.allReduce(8e6, ranks: 4), 4e-5 + 12e-3, "all-reduce on 4 ranks")
    expect(network.allReduce(8, ranks: 1024), 20e-5 + 2 * 8 * 1023 / 1024 / 1e9, "all-reduce on 1024 ranks")
    // The third of three hands all to a partner before and is handed all behind.
    #expect(Network.rounds(allReducing: 8e6, ranks: 3) == [8e6, 4e6, 4e6, 8e6])
    // Three ranks hold 1 MB each: one comes in the first round, one in the second.
    expect(network.gather(3e6, ranks: 3), 2e-5 + 2e-3, "gathering on 3 ranks")
    expect(network.gather(4e6, ranks: 4), 2e-5 + 3e-3, "gathering on 4 ranks")
    #expect(network.sum(count: 100, elementBytes: 8, ranks: 1, lanes: 8) == 0)
    // Four Doubles, one a rank, cannot be halved: they are gathered in two rounds.
    expect(network.sum(count: 1, elementBytes: 8, ranks: 4, lanes: 8), 2e-5 + 24e-9, "one Double on 4 ranks")
  }

  @Test func twoRanksTellTheCurve() throws {
    // Two ranks sum n bytes by two messages of n / 2.
    let sizes = (3...24).map { 1 << $0 }.map { bytes in
      let microseconds = 2e6 * (1e-5 + Double(bytes) / 2 / 1e9)
      return CollectiveTimes.Size(
        bytes: bytes, allReduceMicroseconds: microseconds, startedAllReduceMicroseconds: 1, allGatherMicroseconds: 1)
    }
    let measured = try Network(CollectiveTimes(ranks: 2, hosts: 1, sizes: sizes), name: "file")
    for bytes in [64.0, 1000, 1e6, 5e7] { expect(measured.exchange(bytes), network.exchange(bytes), "\(bytes) bytes") }
    #expect(measured.figures == "10 us, 8 Gbit/s")
    let four = CollectiveTimes(ranks: 4, hosts: 1, sizes: sizes)
    #expect(throws: TrainingError.self) { try Network(four, name: "file") }
  }

  @Test func aMeasurementThatFallsIsReadAsFlat() throws {
    let sizes = zip([8, 16, 32, 64], [4.0, 2, 6, 6]).map {
      CollectiveTimes.Size(
        bytes: $0, allReduceMicroseconds: $1, startedAllReduceMicroseconds: 1, allGatherMicroseconds: 1)
    }
    let network = try Network(CollectiveTimes(ranks: 2, hosts: 1, sizes: sizes), name: "file")
    var last = 0.0
    for bytes in 0..<200 {
      let seconds = network.exchange(Double(bytes))
      #expect(seconds >= last && seconds.isFinite, "\(bytes) bytes: \(seconds) s after \(last) s")
      last = seconds
    }
  }
}

@Suite struct GradientOverlapTests {
  /// Two ranks; a message of b bytes takes 1 + b seconds. A piece of four bytes is two messages of two: 3 s each.
  private let overlap = GradientOverlap(
    network: Network(latencySeconds: 1, bytesPerSecond: 1, name: ""), ranks: 2)

  @Test func roundsGoOnOnlyInCalls() {
    let piece = GradientOverlap.Piece(start: 0, bytes: 4)
    #expect(abs(overlap.exposed([piece], calls: [0, 3, 10], end: 20)) < 1e-9)
    // Nobody looks before the end: the second message is still to come.
    #expect(abs(overlap.exposed([piece], calls: [0], end: 20) - 3) < 1e-9)
    // Looked at at 18: the second message is under way.
    #expect(abs(overlap.exposed([piece], calls: [0, 18], end: 20) - 1) < 1e-9)
    #expect(abs(overlap.exposed([.init(start: 20, bytes: 4)], calls: [], end: 20) - 6) < 1e-9)
    #expect(overlap.exposed([], calls: [0, 3], end: 20) == 0)
  }

  @Test func latenciesOverlapAndBytesDoNot() {
    // Eight bytes through the link, and the last message's latency.
    let pieces = [GradientOverlap.Piece(start: 0, bytes: 4), .init(start: 0, bytes: 4)]
    #expect(abs(overlap.exposed(pieces, calls: [], end: 0) - 9) < 1e-9)
  }
}
