import Testing

@testable import Training

@Suite struct TraceRequestTests {
  @Test func firstAllThenEverRarer() {
    let request = TraceRequest()
    let traced = (1...5000).filter { request.includes($0, after: 0) }
    #expect(Array(traced.prefix(21)) == Array(3...23))
    #expect(traced.filter { (24...203).contains($0) } == Array(stride(from: 33, through: 203, by: 10)))
    #expect(traced.filter { (204...2003).contains($0) } == Array(stride(from: 303, through: 2003, by: 100)))
    #expect(traced.filter { $0 > 2003 } == [3003, 4003])
    // An attempt that goes on with a run has a beginning of its own.
    #expect((101...130).filter { request.includes($0, after: 100) } == Array(103...123))
  }

  @Test func aMillionStepsHaveAHundredTraced() {
    let count = (1...1_000_000).count { TraceRequest().includes($0, after: 0) }
    #expect((80...120).contains(count), "\(count)")
  }

  @Test func chosenStepsAloneAreTraced() {
    var request = TraceRequest()
    request.steps = 7...9
    #expect((1...20).filter { request.includes($0, after: 0) } == [7, 8, 9])
    #expect((7...9).filter { request.comparesClocks(before: $0, after: 0) } == [7])
  }
}
