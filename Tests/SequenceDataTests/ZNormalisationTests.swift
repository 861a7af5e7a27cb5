import Foundation
import SequenceData
import Testing

/// Sequences that are z-normalised on import, and what becomes of their means and deviations.
@Suite struct ZNormalisationTests {
  @Test func meansAndDeviationsBecomeFeatures() throws {
    // Two features: 1, 3, 5 and 4, 4, 4; the second sequence has zeros alone.
    let text = """
      {"values":[[1,4],[3,4],[5,4]],"label":"a"}
      {"values":[[0,0],[0,0]],"label":"b"}
      """
    let importing = Importing()
    let data = try importing.run(.jsonl, importing.scratch.write(text, to: "x")) { $0.isZNormalised = true }
    #expect(data.features == 6 && data.classes == ["a", "b"])
    let deviation = (8.0 / 3).squareRoot()
    let z = Float(2 / (deviation + 1e-6))
    let middle = Float(3 / (9 + 8.0 / 3).squareRoot())
    let (size, none) = (Float(log(deviation + 1e-6)), Float(log(1e-6)))
    #expect(
      try data.array(0) == [-z, 0, middle, 1, size, none, 0, 0, middle, 1, size, none, z, 0, middle, 1, size, none])
    #expect(try data.array(1) == [0, 0, 0, 0, none, none, 0, 0, 0, 0, none, none])
  }

  @Test func aWindowHasMomentsOfItsOwn() throws {
    let importing = Importing()
    let source = try importing.scratch.write(#"{"values":[1,3,-10,-30]}"#, to: "x")
    let data = try importing.run(.jsonl, source) {
      $0.isZNormalised = true
      $0.windows = .init(length: 2, step: 2)
      $0.scale = 2
    }
    let sizes = try (0..<2).map { try data.array($0)[2] }
    #expect(sizes == [2.0, 20].map { Float(log($0 + 1e-6)) })
    #expect(try (0..<2).map { try data.array($0)[0] < 0 } == [true, false])
  }

  @Test func whatHasNoMomentsIsRefused() throws {
    let text = #"{"values":[1,3]}"#
    for change in [{ $0.categories = 41 }, { $0.quantiser = try .muLaw(levels: 41) }]
      as [(inout ImportOptions) throws -> Void]
    {
      let said = try Importing().sentence(.jsonl, text) {
        $0.isZNormalised = true
        try change(&$0)
      }
      #expect(said.contains("categories have no mean and no deviation"), "\(said)")
    }
    let words = try Importing().sentence(.text, "a\tb\n") { $0.isZNormalised = true }
    #expect(words.contains("categories have no mean"), "\(words)")
    let wide = "{\"values\":[[\((0..<350_000).map { _ in "1" }.joined(separator: ","))]]}"
    let said = try Importing().sentence(.jsonl, wide) { $0.isZNormalised = true }
    #expect(said.contains("350000 features; expected 1...349525"), "\(said.prefix(200))")
  }
}
