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
    let z = Float(2 / (8.0 / 3).squareRoot())
    let size = (9 + 8.0 / 3).squareRoot()
    let (mean, logarithm) = (Float(3 / size), Float(log(size)))
    let (four, silence) = (Float(log(4.0)), Float(log(1e-12)))
    let constants = [mean, 1, logarithm, four]
    #expect(try data.array(0) == [-z, 0] + constants + [0, 0] + constants + [z, 0] + constants)
    #expect(try data.array(1) == [0, 0, 0, 0, silence, silence, 0, 0, 0, 0, silence, silence])
  }

  /// What is a thousand million times smaller has the same shape, and differs by a logarithm.
  @Test(arguments: [1.0, -1e-9, 3e12]) func sizeIsALogarithmAndNoShape(scale: Double) throws {
    func imported(_ scale: Double) throws -> [Float] {
      let importing = Importing()
      return try importing.run(.jsonl, importing.scratch.write(#"{"values":[1,2,4,-3,0.1]}"#, to: "x")) {
        $0.isZNormalised = true
        $0.scale = scale
      }.array(0)
    }
    let (one, other) = (try imported(1), try imported(scale))
    let sign: Float = scale < 0 ? -1 : 1
    for t in 0..<5 {
      for feature in 0..<2 { #expect(abs(one[3 * t + feature] - sign * other[3 * t + feature]) < 1e-6) }
      #expect(abs(one[3 * t + 2] + Float(log(abs(scale))) - other[3 * t + 2]) < 1e-5)
    }
  }

  @Test func aConstantThatFloatCannotHoldExactlyHasNoShape() throws {
    let importing = Importing()
    let text = "{\"values\":[\((0..<97).map { _ in "0.1" }.joined(separator: ","))]}"
    let data = try importing.run(.jsonl, importing.scratch.write(text, to: "x")) { $0.isZNormalised = true }
    #expect(try data.array(0).enumerated().allSatisfy { $0.offset % 3 != 0 || $0.element == 0 })
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
    #expect(sizes == [20.0, 2000].map { Float(log($0.squareRoot())) })
    #expect(try (0..<2).map { try data.array($0)[0] } == [-1, 1])
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
      #expect(said.contains("categories have no mean"), "\(said)")
    }
    let words = try Importing().sentence(.text, "a\tb\n") { $0.isZNormalised = true }
    #expect(words.contains("categories have no mean"), "\(words)")
    for change in [{ $0.csv.row = .vector }, { $0.csv.symbolicColumns = ["1"] }]
      as [(inout ImportOptions) throws -> Void]
    {
      let said = try Importing().sentence(.csv, "a,1\nb,2\n") {
        $0.isZNormalised = true
        try change(&$0)
      }
      #expect(said.contains("z-normalise is for sequences in time"), "\(said)")
    }
    let wide = "{\"values\":[[\((0..<350_000).map { _ in "1" }.joined(separator: ","))]]}"
    let said = try Importing().sentence(.jsonl, wide) { $0.isZNormalised = true }
    #expect(said.contains("350000 features; expected 1...349525"), "\(said.prefix(200))")
  }
}
