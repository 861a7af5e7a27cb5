import ArrayFiles
import Checkpoints
import Foundation
import Testing

@testable import Training

@Suite struct RankingTests {
  private func ranking(_ scores: [Double], _ truths: [Int]) -> Ranking {
    Ranking(scores: scores, areAnomalies: truths.map { $0 == 1 })
  }

  /// The first is the example of scikit-learn's `roc_auc_score` and `average_precision_score`; the others by hand.
  @Test(
    arguments: [
      ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75, 0.5 + 1.0 / 3),
      ([1, 1, 1, 1], [0, 1, 0, 0], 0.5, 0.25),
      ([1, 1, 2, 2], [0, 1, 0, 1], 0.5, 0.5),
      ([3, 2, 1], [1, 1, 0], 1, 1),
      ([1, 2, 3], [1, 1, 0], 0, (0.5 + 2.0 / 3) / 2),
      ([-1, -1, 0, 5, 5, 5], [0, 1, 0, 1, 1, 0], 5.5 / 9, (2 * (2.0 / 3) + 3.0 / 6) / 3),
    ] as [([Double], [Int], Double, Double)])
  func areasByHand(scores: [Double], truths: [Int], roc: Double, precision: Double) {
    let made = ranking(scores, truths)
    #expect(abs((made.areaUnderROC ?? .nan) - roc) < 1e-15, "\(made)")
    #expect(abs((made.averagePrecision ?? .nan) - precision) < 1e-15, "\(made)")
  }

  @Test func areasAreThoseOfTheirDefinition() {
    var state: UInt64 = 5
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for size in [2, 3, 10, 57] {
      for levels in [1, 2, 5, 1000] {
        let scores = (0..<size).map { _ in Double(next(levels)) / 8 }
        var truths = (0..<size).map { _ in next(2) }
        (truths[0], truths[1]) = (0, 1)
        let made = ranking(scores, truths)
        let pairs = (0..<size).flatMap { i in (0..<size).map { (i, $0) } }.filter {
          truths[$0.0] == 1 && truths[$0.1] == 0
        }
        let won = pairs.reduce(0.0) { sum, pair in
          let (a, b) = (scores[pair.0], scores[pair.1])
          return sum + (a > b ? 1 : a == b ? 0.5 : 0)
        }
        #expect(made.areaUnderROC == won / Double(pairs.count), "\(size) of \(levels)")

        func f1(above threshold: Double) -> (Double, flagged: Int) {
          let flagged = (0..<size).filter { scores[$0] > threshold }
          let hits = flagged.count { truths[$0] == 1 }
          return (2 * Double(hits) / Double(flagged.count + made.anomalies), flagged.count)
        }
        let best = f1(above: made.thresholdOfBestF1 ?? .nan)
        for threshold in Set(scores).map({ $0.nextDown }) {
          let other = f1(above: threshold)
          #expect(other.0 <= best.0, "\(size) of \(levels): \(threshold)")
          #expect(other.0 < best.0 || other.flagged >= best.flagged, "\(size) of \(levels): \(threshold)")
        }
      }
    }
  }

  @Test func oneKindAloneHasNoArea() {
    for truths in [[0, 0], [1, 1]] {
      let made = ranking([1, 2], truths)
      #expect(made.areaUnderROC == nil && made.averagePrecision == nil && made.thresholdOfBestF1 == nil)
    }
    #expect(ranking([], []).areaUnderROC == nil)
  }

  @Test func theBestThresholdLiesBetweenScores() {
    #expect(ranking([1, 2, 3, 7], [0, 0, 0, 1]).thresholdOfBestF1 == 5)
    #expect(ranking([1, 2], [1, 0]).thresholdOfBestF1 == 1.nextDown)
    let close = ranking([1, 1.0.nextUp], [0, 1])
    #expect(close.thresholdOfBestF1 == 1)
  }
}

@Suite struct AnomalyThresholdTests {
  @Test func rulesGiveTheirScores() throws {
    let scores = (1...10).map(Double.init).reversed() as [Double]
    for (share, expected) in [(0.9, 9.0), (0.91, 10), (1, 10), (0.05, 1), (0.1, 1), (0.11, 2)] {
      #expect(AnomalyThreshold.quantile(share).value(training: scores, validation: nil) == expected, "\(share)")
    }
    #expect(AnomalyThreshold.deviations(3).value(training: [1, 3], validation: nil) == 5)
    #expect(AnomalyThreshold.deviations(-1).value(training: [1, 3], validation: nil) == 1)
    #expect(AnomalyThreshold.value(0.5).value(training: [], validation: nil) == 0.5)
    #expect(AnomalyThreshold.labels.value(training: [], validation: nil) == nil)
    for text in ["quantile:0.99", "deviations:3.0", "labels", "value:-1.5"] {
      #expect(try AnomalyThreshold(parsing: text).description == text)
    }
  }

  @Test(arguments: [
    "", "quantile", "quantile:0", "quantile:1.1", "quantile:x", "deviations", "deviations:inf", "labels:1", "value:nan",
    "best", "0.5",
  ])
  func whatIsNoRuleIsRefused(text: String) {
    let error = #expect(throws: TrainingError.self) { _ = try AnomalyThreshold(parsing: text) }
    #expect(error?.exitCode == 64)
    #expect(error?.description.contains("--threshold \(text): expected quantile:SHARE") == true)
  }
}

@Suite struct MahalanobisDistanceTests {
  @Test func distancesAreThoseOfTheInverse() {
    let rows: [Float] = [1, 2, 3, 1, -2, 4, 0, 0, 5, 5]
    var sums = MahalanobisDistance.Sums(width: 2)
    sums.add(Array(rows[..<4]))
    sums.add(Array(rows[4...]))
    let x = stride(from: 0, to: 10, by: 2).map { (Double(rows[$0]), Double(rows[$0 + 1])) }
    let (mx, my) = (x.reduce(0) { $0 + $1.0 } / 5, x.reduce(0) { $0 + $1.1 } / 5)
    var (a, b, c) = (0.0, 0.0, 0.0)
    for (p, q) in x {
      a += (p - mx) * (p - mx) / 5
      b += (p - mx) * (q - my) / 5
      c += (q - my) * (q - my) / 5
    }
    let ridge = 1e-3 * (a + c) / 2
    (a, c) = (a + ridge, c + ridge)
    let (p, q) = (7 - mx, -3 - my)
    let expected = ((c * p * p - 2 * b * p * q + a * q * q) / (a * c - b * b)).squareRoot()
    let found = MahalanobisDistance(sums).distances([7, -3, Float(mx), Float(my)])
    #expect(abs(found[0] - expected) < 1e-12 * expected && found[1] < 1e-6, "\(found), \(expected)")
  }

  @Test func channelsThatNeverVariedCountMuchButFinitely() {
    var sums = MahalanobisDistance.Sums(width: 3)
    sums.add([1, 0, 8, 2, 0, 8, 3, 0, 8])
    let found = MahalanobisDistance(sums).distances([2, 0, 8, 3, 0, 8, 2, 1, 8])
    #expect(found[0] == 0 && found[1] > 1 && found[1] < 2 && found[2] > 30 && found[2] < 1000, "\(found)")
    var equal = MahalanobisDistance.Sums(width: 1)
    equal.add([4])
    #expect(MahalanobisDistance(equal).distances([4, 5])[0] == 0)
    #expect(MahalanobisDistance(equal).distances([5])[0].isFinite)
  }
}

@Suite struct DetectionReportTests {
  private func report(_ labels: [Int?], areNormal: [Bool] = [true, false, false]) -> DetectionReport {
    DetectionReport(
      score: .reconstruction, threshold: 2, rule: .deviations(3), trainingSequences: 7, scores: [1, 2, 3, 4, 5],
      labels: labels, classes: ["ok", "bad", "worse"], areNormal: areNormal)
  }

  @Test func countsAndShares() {
    let made = report([0, 1, 2, nil, 0])
    #expect(made.confusion == [[1, 1], [1, 1]] && made.sequences == 5 && made.flagged == 3)
    #expect(made.precision == 0.5 && made.recall == 0.5 && made.f1 == 0.5 && made.normal == ["ok"])
    #expect(made.rocAUC == 0.5)
    #expect(made.perClass.map(\.class) == ["ok", "bad", "worse"])
    #expect(made.perClass.map(\.flagged) == [1, 0, 1] && made.perClass.map(\.sequences) == [2, 1, 1])
  }

  @Test func whatHasNoMeaningIsNull() {
    let normal = report([0, 0, 0, 0, nil])
    #expect(normal.recall == nil && normal.rocAUC == nil && normal.prAUC == nil && normal.precision == 0)
    let text = String(decoding: StableJSON.encode(normal), as: UTF8.self)
    #expect(text.contains("\"rocAUC\" : null") && text.contains("\"recall\" : null"), "\(text)")
    let unknown = report([0, 1, 2, nil, 0], areNormal: [])
    #expect(unknown.f1 == nil && unknown.perClass.isEmpty && unknown.flagged == 3 && unknown.normal.isEmpty)
  }
}

@Suite struct TrainingClassesTests {
  private func recipe(_ classes: String) throws -> Recipe {
    try Recipe(
      yaml: exampleRecipe.replacingOccurrences(of: "seed: 7", with: "seed: 7" + classes), name: "r.yaml")
  }

  @Test func namesAreKeptAsTexts() throws {
    let named = try recipe("\n  classes: [normal., '1', \"a: b\"]")
    #expect(named.training.classes == ["normal.", "1", "a: b"])
    let again = try Recipe(yaml: named.resolvedYAML)
    #expect(again == named && again.training.classes == named.training.classes)
    let all = try recipe("")
    #expect(all.training.classes == nil && all.identity != named.identity)
    #expect(try recipe("\n  classes: null").identity == all.identity)
    #expect(try recipe("\n  classes: [1]").training.classes == ["1"])
  }

  @Test(arguments: ["[]", "normal", "{a: b}", "[a, a]", "[null]", "[[a]]", "[\"a\\nb\"]"])
  func whatIsNoListOfNamesIsRefused(classes: String) {
    let error = #expect(throws: RecipeError.self) { _ = try recipe("\n  classes: \(classes)") }
    #expect(error?.description.contains("training.classes") == true, "\(error as Any)")
  }
}
