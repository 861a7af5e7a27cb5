import Foundation
import TestSupport
import Testing

@testable import RunReports

/// What pictures are made of: escaped texts, thinned curves, scales, planes.
@Suite struct PictureTests {
  @Test func nothingOfARunBecomesAnElement() {
    let hostile = "</td><script>alert('1')</script>\"&\u{0}\u{1B}\u{202E}é😀"
    let markup = element("td", ["title": hostile]) { hostile }
    let text = "&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\u{FFFD}\u{FFFD}\u{FFFD}é😀"
    #expect(markup.source == "<td title=\"\(text)\">\(text)</td>")
    #expect(MatrixPicture.json(["a\"\\\u{1}b"]) == #"["a\"\\ b"]"#)
  }

  @Test func thinnedCurvesKeepTheirPeaks() {
    var numbers = Numbers(seed: 5)
    let x = (0..<10_000).map(Double.init)
    var y = numbers.doubles(10_000)
    (y[0], y[9_999], y[4_321], y[7_000]) = (0.25, 0.5, 50, -70)
    for index in 2_000..<2_400 { y[index] = .nan }
    let thin = Decimation.extremes(x, y, buckets: 100)
    #expect(thin.x.count <= 204)
    #expect(thin.x == thin.x.sorted())
    #expect(thin.x.first == 0 && thin.x.last == 9_999)
    for (place, value) in [(4_321.0, 50.0), (7_000, -70)] {
      #expect(thin.x.firstIndex(of: place).map { thin.y[$0] } == value)
    }
    #expect(thin.y.count { $0.isNaN } == 4)
    for (a, b) in zip(thin.x, thin.y) where b.isFinite { #expect(y[Int(a)] == b) }
    let means = Decimation.means([1, 2, 3, 4], [1, 3, .nan, 8], buckets: 2)
    #expect(means == Decimation.Curve(x: [1, 3], y: [2, 8]))
    #expect(Decimation.extremes([], [], buckets: 3) == Decimation.Curve())
  }

  @Test func scalesHoldTheirValuesAndTicksAreRound() {
    let scale = Scale([3, 97, .nan], from: 0, to: 100)
    #expect(scale.ticks() == [0, 20, 40, 60, 80, 100])
    #expect(scale(3) > 0 && scale(97) < 100)
    #expect(Scale([1e-5, 1], kind: .logarithmic, from: 0, to: 1).ticks() == [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1])
    // Nothing, one value, the same value: none divides by zero.
    for values in [[], [0], [7, 7], [.nan], [-1e300, 1e300], [5e-324]] {
      for kind in [Scale.Kind.linear, .logarithmic] {
        let scale = Scale(values, kind: kind, from: 0, to: 1)
        #expect(scale.ticks().allSatisfy(\.isFinite) && scale.ticks().count < 110, "\(values)")
        for value in values where value.isFinite && (kind == .linear || value > 0) {
          #expect((-0.001...1.001).contains(scale(value)), "\(values)")
        }
      }
    }
  }

  @Test func numbersReadWell() {
    let texts: [(Double, String)] = [
      (0, "0"), (1234.5, "1,235"), (0.07245, "0.07245"), (-2.50, "−2.5"), (3.947841e-10, "3.948e−10"),
      (1e6, "1,000,000"),
      (9.9999e-5, "1e−4"), (.nan, "not finite"), (1e12, "1e12"),
    ]
    for (value, text) in texts { #expect(NumberText.short(value) == text) }
    #expect(NumberText.duration(3725) == "1 h 2 min")
    #expect(NumberText.data(1655630.8) == "1.6556e6" || NumberText.data(1655630.8) == "1655631")
    #expect(Double(NumberText.data(-3.947841e-10)) == -3.9478e-10)
  }

  /// Points on two known orthogonal directions: the plane is these, and the variances are known.
  @Test func thePlaneIsThatOfLargestVariance() {
    let (u, v) = ([0.6, 0.8, 0, 0], [0, 0, 0.6, 0.8])
    var (rows, along): ([Float], [(Double, Double)]) = ([], [])
    for i in -2...2 {
      for j in -1...1 {
        along.append((3 * Double(i), Double(j)))
        for k in 0..<4 { rows.append(Float(7 + 3 * Double(i) * u[k] + Double(j) * v[k])) }
      }
    }
    let plane = PrincipalComponents(rows, width: 4)
    for (point, expected) in zip(plane.points, along) {
      #expect(abs(point.x - expected.0) < 1e-5 && abs(point.y - expected.1) < 1e-5, "\(point), expected \(expected)")
    }
    // Variances 18 and 2/3.
    #expect(abs(plane.shares.0 - 18 / (18 + 2.0 / 3)) < 1e-6)
    #expect(abs(plane.shares.0 + plane.shares.1 - 1) < 1e-6)
  }

  @Test(arguments: [(0, 3), (1, 3), (4, 1), (5, 200)]) func planesOfFewPoints(count: Int, width: Int) {
    var numbers = Numbers(seed: 9)
    let plane = PrincipalComponents(numbers.floats(count * width), width: width)
    #expect(plane.points.count == count)
    #expect(plane.points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
    #expect((0...1.000001).contains(plane.shares.0 + plane.shares.1))
  }

  @Test(arguments: [1, 2, 500]) func matricesOfAnySize(classes: Int) throws {
    var numbers = Numbers(seed: 3)
    let counts = (0..<classes).map { _ in numbers.integers(classes, below: 50) }
    let picture = MatrixPicture(
      figure: Figure(id: "m", title: "Matrix", description: "Counts."), names: (0..<classes).map { "<\($0)>" },
      counts: counts, rowsName: "true", columnsName: "told")
    let source = picture.markup.source
    #expect(try PageCheck.problems(source) == [])
    #expect(source.utf8.count < 1_200_000)
    // Of 500 classes all of whose cells are filled, neighbours are summed; and the page says so.
    #expect(source.contains("Each cell sums") == (classes == 500))
  }
}
