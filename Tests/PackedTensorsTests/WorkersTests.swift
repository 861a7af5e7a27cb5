import Foundation
import PackedTensors
import Synchronization
import Testing

/// The compute threads: every piece is computed once, whoever asks and whenever.
@Suite(.serialized) struct WorkersTests {
  /// How often each of `pieces` was computed by one call of `forEach`, and on how many threads.
  func counts(_ pieces: Int, _ body: @Sendable (Int) -> Void = { _ in }) -> (pieces: [Int], threads: Int) {
    let counts = Mutex([Int](repeating: 0, count: pieces))
    let threads = Mutex<Set<UInt>>([])
    Workers.forEach(pieces) { piece in
      body(piece)
      counts.withLock { $0[piece] += 1 }
      threads.withLock { _ = $0.insert(UInt(pthread_self())) }
    }
    return (counts.withLock { $0 }, threads.withLock(\.count))
  }

  private static let once = [1, 1, 1, 1, 1, 1, 1, 1]

  @Test func everyPieceIsComputedOnce() {
    defer { Workers.use(1) }
    for threads in [1, 2, 4, 3, 9] {
      #expect(Workers.use(threads) == threads && Workers.count == threads)
      for pieces in [0, 1, 2, 7, 64] {
        let seen = counts(pieces).pieces
        #expect(seen == [Int](repeating: 1, count: pieces), "\(pieces) pieces on \(threads) threads")
      }
    }
  }

  @Test func severalThreadsTakePart() {
    defer { Workers.use(1) }
    Workers.use(3)
    // A piece is long enough for a thread that sleeps to be woken.
    let seen = counts(8) { _ in usleep(20_000) }
    #expect(seen.pieces == Self.once && seen.threads == 3, "\(seen.threads) threads")
  }

  @Test func threadsThatSleptWorkAgain() {
    defer { Workers.use(1) }
    Workers.use(2)
    for pause in [0, 10, 300, 2000, 20_000] as [UInt32] {
      for _ in 0..<20 {
        usleep(pause)
        #expect(counts(8).pieces == Self.once, "after \(pause) µs")
      }
    }
    // Nobody waits for a thread that comes too late: it must not begin with work that was taken back.
    for _ in 0..<2000 { Workers.forEach(2) { _ in } }
    #expect(counts(8).pieces == Self.once)
  }

  @Test func aPieceMayAskForMore() {
    defer { Workers.use(1) }
    Workers.use(3)
    let inner = Mutex([Int](repeating: 0, count: 8))
    let outer = counts(8) { piece in
      Workers.forEach(8) { _ in inner.withLock { $0[piece] += 1 } }
    }
    #expect(outer.pieces == Self.once)
    #expect(inner.withLock { $0 } == [Int](repeating: 8, count: 8))
  }

  @Test func severalMayAskAtOnce() async {
    defer { Workers.use(1) }
    Workers.use(2)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<6 { group.addTask { (0..<200).allSatisfy { _ in counts(8).pieces == Self.once } } }
      for await isRight in group { #expect(isRight) }
    }
  }
}
