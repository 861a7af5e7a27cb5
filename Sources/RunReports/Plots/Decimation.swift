/// Thins out long curves for a picture that has fewer points than they.
enum Decimation {
  /// A curve.
  struct Curve: Sendable, Equatable {
    var x: [Double] = []
    var y: [Double] = []
  }

  /// The least and the largest value of each of `buckets` stretches, each at its place, and the first and the last value:
  /// no peak is lost. A stretch without a finite value is a gap, which one NaN stands for. A curve of no more points than
  /// twice the stretches stays as it is.
  ///
  /// Complexity: O(values).
  static func extremes(_ x: [Double], _ y: [Double], buckets: Int) -> Curve {
    guard y.count > 2 * buckets else { return Curve(x: x, y: y) }
    var curve = Curve()
    func keep(_ index: Int) {
      curve.x.append(x[index])
      curve.y.append(y[index])
    }
    for bucket in 0..<buckets {
      let range = bucket * y.count / buckets..<(bucket + 1) * y.count / buckets
      var (least, most): (Int?, Int?) = (nil, nil)
      for index in range where y[index].isFinite {
        if least.map({ y[index] < y[$0] }) ?? true { least = index }
        if most.map({ y[index] > y[$0] }) ?? true { most = index }
      }
      guard let least, let most else {
        keep(range.lowerBound)
        continue
      }
      var kept = [least, most]
      if bucket == 0 { kept.append(range.lowerBound) }
      if bucket == buckets - 1 { kept.append(range.upperBound - 1) }
      for index in Set(kept).sorted() { keep(index) }
    }
    return curve
  }

  /// The mean of the finite values of each of `buckets` stretches, at the middle of the stretch.
  static func means(_ x: [Double], _ y: [Double], buckets: Int) -> Curve {
    var curve = Curve()
    for bucket in 0..<min(buckets, y.count) {
      let range = bucket * y.count / buckets..<(bucket + 1) * y.count / buckets
      var (sum, count) = (0.0, 0)
      for index in range where y[index].isFinite {
        sum += y[index]
        count += 1
      }
      curve.x.append(x[(range.lowerBound + range.upperBound - 1) / 2])
      curve.y.append(count > 0 ? sum / Double(count) : .nan)
    }
    return curve
  }
}
