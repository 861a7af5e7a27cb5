/// Comparisons whose failure says what was compared, where the first difference is, and what stands there.
public enum Compare {
  /// The first element that differs from `expected` by more than `tolerance`, in words; none where all agree.
  ///
  /// A NaN agrees with a NaN alone, an infinity with itself alone.
  /// - Parameters:
  ///   - operation: operation, sizes and seed.
  ///   - tolerance: largest difference allowed; see ``tolerance(terms:scale:)``.
  public static func close(
    _ operation: @autoclosure () -> String, _ got: [Double], _ expected: [Double], tolerance: Double
  ) -> String? {
    if got.count != expected.count { return "\(operation()): \(got.count) values, expected \(expected.count)" }
    for (index, pair) in zip(got, expected).enumerated() {
      let (g, e) = pair
      if g == e || g.isNaN && e.isNaN || abs(g - e) <= tolerance { continue }
      return
        "\(operation()): index \(index) of \(got.count): expected \(e), got \(g), differs by \(abs(g - e)) > \(tolerance)"
    }
    return nil
  }

  /// As above, for results in single precision.
  public static func close(
    _ operation: @autoclosure () -> String, _ got: [Float], _ expected: [Double], tolerance: Double
  ) -> String? {
    close(operation(), got.map(Double.init), expected, tolerance: tolerance)
  }

  /// The first element whose bits differ, in words; none where all are equal. All NaN count as one.
  public static func bits(_ operation: @autoclosure () -> String, _ got: [Float], _ expected: [Float]) -> String? {
    if got.count != expected.count { return "\(operation()): \(got.count) values, expected \(expected.count)" }
    for index in got.indices where got[index].bitPattern != expected[index].bitPattern {
      if got[index].isNaN && expected[index].isNaN { continue }
      return "\(operation()): index \(index) of \(got.count): expected bits of \(expected[index]), got \(got[index])"
    }
    return nil
  }

  /// The same for Double.
  public static func bits(_ operation: @autoclosure () -> String, _ got: [Double], _ expected: [Double]) -> String? {
    if got.count != expected.count { return "\(operation()): \(got.count) values, expected \(expected.count)" }
    for index in got.indices where got[index].bitPattern != expected[index].bitPattern {
      if got[index].isNaN && expected[index].isNaN { continue }
      return "\(operation()): index \(index) of \(got.count): expected bits of \(expected[index]), got \(got[index])"
    }
    return nil
  }

  /// Rounding error allowed for a sum of `terms` numbers of size `scale` in single precision: `scale · (terms + 16) ·
  /// 2⁻²⁴`. (A sum of n numbers of either sign grows to √n and is rounded n times, by 2⁻²⁵ of itself: about n·2⁻²⁵ in
  /// all.)
  public static func tolerance(terms: Int, scale: Double = 1) -> Double { scale * Double(terms + 16) * 0x1p-24 }
}
