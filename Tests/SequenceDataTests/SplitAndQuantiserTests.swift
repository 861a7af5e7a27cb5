import Foundation
import SequenceData
import Testing

@Suite struct SplitDrawingTests {
  @Test func everyClassHasItsShareAndGivenSplitsStay() throws {
    let labels = (0..<400).map { Int32($0 % 4) - 1 }
    var given: [Split?] = Array(repeating: nil, count: 400)
    given[7] = .test
    let splits = try SplitDrawing.draw(
      labels: labels, groups: Array(repeating: -1, count: 400), given: given, validation: 0.1, test: 0.2, seed: 3)
    #expect(splits[7] == .test)
    for label in -1..<3 {
      let counts = Split.allCases.map { split in (0..<400).count { labels[$0] == label && splits[$0] == split } }
      let expected = [70, 10, 20]
      #expect(zip(counts, expected).allSatisfy { abs($0 - $1) <= 1 }, "label \(label): \(counts)")
    }
    func again(_ seed: UInt64) throws -> [Split] {
      try SplitDrawing.draw(
        labels: labels, groups: Array(repeating: -1, count: 400), given: given, validation: 0.1, test: 0.2, seed: seed)
    }
    #expect(try again(3) == splits)
    #expect(try again(4) != splits)
  }

  @Test func noGroupIsSharedAndEachSplitHasSome() throws {
    // Twelve speakers of unequal size, each with every class.
    let groups = (0..<600).map { Int32(($0 * $0) % 23 % 12) }
    let labels = (0..<600).map { Int32($0 % 5) }
    for seed in 0..<5 as Range<UInt64> {
      let splits = try SplitDrawing.draw(
        labels: labels, groups: groups, given: Array(repeating: nil, count: 600), validation: 0.15, test: 0.15,
        seed: seed)
      for group in Set(groups) {
        #expect(Set((0..<600).filter { groups[$0] == group }.map { splits[$0] }).count == 1, "group \(group)")
      }
      let counts = Split.allCases.map { split in splits.count { $0 == split } }
      #expect(counts[0] > 300 && counts[1] >= 20 && counts[2] >= 20, "\(counts)")
    }
  }

  @Test func whatCannotBeDrawnIsRefused() throws {
    func draw(_ validation: Double, _ test: Double, groups: [Int32]) -> Int32? {
      dataError {
        _ = try SplitDrawing.draw(
          labels: [0, 0, 0, 0], groups: groups, given: [nil, nil, nil, nil], validation: validation, test: test, seed: 1
        )
      }?.exitCode
    }
    #expect(draw(0.5, 0.5, groups: [-1, -1, -1, -1]) == 64)
    #expect(draw(-0.1, 0, groups: [-1, -1, -1, -1]) == 64)
    #expect(draw(.nan, 0, groups: [-1, -1, -1, -1]) == 64)
    #expect(draw(0.1, 0.1, groups: [1, 1, 2, 2]) == 64)
    #expect(draw(0, 0.1, groups: [1, 1, 2, 2]) == nil)
  }
}

@Suite struct QuantiserTests {
  @Test(arguments: [2, 3, 40, 41, 256])
  func theMuLawCutsTheCompandedScaleEvenly(levels: Int) throws {
    let quantiser = try Quantiser(parsing: "mu-law:\(levels)")
    var last = -1
    for step in -1100...1100 {
      let value = Float(step) / 1000
      let level = quantiser.level(of: value)
      // The definition, by the C library's logarithm, where it is not too near a border to tell.
      let companded = log1p(255 * min(1, Double(abs(value)))) / log(256) * (value < 0 ? -1 : 1)
      let place = (companded + 1) / 2 * Double(levels)
      if abs(place - place.rounded()) > 1e-6 {
        #expect(level == min(levels - 1, Int(place)), "\(value) of \(levels) levels")
      }
      #expect(level >= last && level < levels)
      last = level
    }
    #expect(quantiser.level(of: -1) == 0 && quantiser.level(of: 1) == levels - 1)
    #expect(quantiser.level(of: 0) == levels / 2 && quantiser.level(of: -0.0) == levels / 2)
    #expect(quantiser.level(of: .greatestFiniteMagnitude) == levels - 1)
  }

  @Test func theLinearScaleIsCutEvenly() throws {
    let quantiser = try Quantiser(parsing: "linear:4:-1:1")
    #expect(
      [-9, -1, -0.6, -0.5, -0.1, 0, 0.49, 0.5, 1, 9].map { quantiser.level(of: $0) } == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3])
    let importing = Importing()
    let data = try importing.run(.jsonl, importing.scratch.write(#"{"values":[-1,0,0.7]}"#, to: "x")) {
      $0.quantiser = quantiser
    }
    #expect(data.values == .categories(count: 4))
    #expect(try data.array(0) == [0, 2, 3])
  }

  @Test(arguments: [
    "", "mu-law", "mu-law:1", "mu-law:x", "linear:4", "linear:4:1:1", "linear:4:2:1", "linear:4:0:inf", "log:3",
  ])
  func badTextsAreUsageErrors(text: String) {
    #expect(dataError { _ = try Quantiser(parsing: text) }?.exitCode == 64)
  }
}
