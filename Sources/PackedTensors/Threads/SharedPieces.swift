import Synchronization

/// Pieces of work, `0 ..< count`, each of which is given out once.
///
/// A thread begins with a contiguous part, from its front, and so finds in its caches what it wrote there before.
/// Whichever is done takes what others have left, from the end, so that theirs goes on as it was.
struct SharedPieces {
  private let parts: [Part]

  /// Divides `count` pieces among threads.
  init(_ count: Int, among threads: Int) {
    parts = (0..<threads).map { Part(SharedPieces.part(of: count, for: $0, among: threads)) }
  }

  /// With what a thread begins.
  static func part(of count: Int, for thread: Int, among threads: Int) -> Range<Int> {
    thread * count / threads..<(thread + 1) * count / threads
  }

  /// The next piece for a thread; nil when all are given out.
  func next(for thread: Int) -> Int? {
    if let piece = parts[thread].takeFirst() { return piece }
    for turn in 1..<max(1, parts.count) {
      if let piece = parts[(thread + turn) % parts.count].takeLast() { return piece }
    }
    return nil
  }

  /// Pieces side by side.
  private final class Part: Sendable {
    /// The first that is left, and behind the last one: a word of two halves.
    private let left: Atomic<UInt64>

    init(_ pieces: Range<Int>) { left = Atomic(Part.word(pieces.lowerBound, pieces.upperBound)) }

    func takeFirst() -> Int? { take { first, end in (first, Part.word(first + 1, end)) } }
    func takeLast() -> Int? { take { first, end in (end - 1, Part.word(first, end - 1)) } }

    /// - Parameter choice: of the pieces that are left the one to take, and the word of those that stay.
    private func take(_ choice: (_ first: Int, _ end: Int) -> (piece: Int, rest: UInt64)) -> Int? {
      var word = left.load(ordering: .relaxed)
      while true {
        let (first, end) = (Int(word >> 32), Int(word & 0xFFFF_FFFF))
        guard first < end else { return nil }
        let (piece, rest) = choice(first, end)
        let (exchanged, original) = left.compareExchange(expected: word, desired: rest, ordering: .relaxed)
        if exchanged { return piece }
        word = original
      }
    }

    private static func word(_ first: Int, _ end: Int) -> UInt64 { UInt64(first) << 32 | UInt64(end) }
  }
}
