import Testing

@testable import DataParallel

@Suite struct GradientBucketTests {
  @Test func theFirstPieceIsSmallerAndLongRangesAreDivided() {
    var buckets = GradientBuckets(bucketBytes: 400, firstBucketBytes: 40)
    buckets.begin()
    buckets.add(990..<995)
    #expect(!buckets.isFull && !buckets.isEmpty)
    buckets.add(985..<990)
    #expect(buckets.isFull)
    #expect(buckets.take() == [985..<995])  // adjacent ranges have become one
    buckets.add(900..<985)
    #expect(!buckets.isFull)  // from now on pieces are of 100 elements
    buckets.add(0..<250)
    #expect(buckets.isFull)
    #expect(buckets.take() == [0..<100, 100..<200, 200..<250, 900..<985])
    #expect(buckets.isEmpty)
    buckets.begin()
    buckets.add(10..<20)
    #expect(buckets.isFull)
  }

  @Test func everyElementIsTakenOnceWhateverTheSizes() {
    for bytes in [4, 12, 400, 1 << 20] {
      var buckets = GradientBuckets(bucketBytes: bytes, firstBucketBytes: 4)
      var pieces: [Range<Int>] = []
      for first in stride(from: 700, through: 0, by: -70) {
        buckets.add(first..<first + 70)
        if buckets.isFull { pieces += buckets.take() }
      }
      pieces += buckets.take()
      #expect(pieces.flatMap { Array($0) }.sorted() == Array(0..<770), "pieces of \(bytes) bytes")
      #expect(pieces.allSatisfy { $0.count * 4 <= bytes }, "pieces of \(bytes) bytes: \(pieces)")
    }
  }
}

@Suite struct RouteTests {
  @Test func powersOfTwoLeaveItToMPIWhereThereIsAnElementForEachRank() {
    #expect(CanonicalSum.route(count: 128, elementBytes: 8, ranks: 4, lanes: 8) == .allReduce(bytes: 1024))
    #expect(CanonicalSum.route(count: 1, elementBytes: 8, ranks: 2, lanes: 8) == .allReduce(bytes: 8))
    // One Double of each of four ranks.
    #expect(CanonicalSum.route(count: 1, elementBytes: 8, ranks: 4, lanes: 8) == .gather(bytes: 32))
  }

  @Test func otherNumbersExchangeTheirNodes() {
    // Three ranks hold lanes 0-1, 2-4 and 5-7 of eight: 1 + 2 + 2 subtrees.
    #expect(CanonicalSum.route(count: 128, elementBytes: 8, ranks: 3, lanes: 8) == .gather(bytes: 5 * 1024))
    #expect(
      CanonicalSum.route(count: 30_000, elementBytes: 4, ranks: 3, lanes: 8)
        == .slices(sent: 5 * 120_000 / 3, gathered: 120_000))
  }
}
