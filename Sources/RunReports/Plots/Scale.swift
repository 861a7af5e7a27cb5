import Glibc

/// Maps values to coordinates of a picture.
struct Scale: Sendable {
  /// How values are spread.
  enum Kind: Sendable {
    /// Evenly.
    case linear
    /// By their logarithms; for positive values alone.
    case logarithmic
  }

  let kind: Kind
  /// The smallest and the largest value shown.
  let low, high: Double
  /// Their coordinates.
  let start, end: Double

  /// A scale that holds all finite values given.
  /// - Parameters:
  ///   - isTight: whether it ends at the values; otherwise at ticks, or a little beyond the values.
  ///   - includesZero: whether zero is shown in any case.
  init(
    _ values: some Sequence<Double>, kind: Kind = .linear, from start: Double, to end: Double, isTight: Bool = false,
    includesZero: Bool = false
  ) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values.lazy.map(Scale.bounded) where value.isFinite && (kind == .linear || value > 0) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = kind == .linear ? (0, 1) : (0.1, 1) }
    if includesZero && kind == .linear { (low, high) = (min(low, 0), max(high, 0)) }
    if kind == .logarithmic {
      if high / low < 1.01 { (low, high) = (low / 2, high * 2) }
    } else if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300) {
      let room = low == 0 ? 1 : abs(low) * 0.1
      (low, high) = (low - (isTight ? 0 : room), high + room)
    }
    if !isTight {
      if kind == .logarithmic {
        let room = pow(high / low, 0.04)
        (low, high) = (low / room, high * room)
      } else {
        let room = 0.04 * (high - low)
        let isOfZero = low == 0
        low -= isOfZero ? 0 : room
        high += room
      }
    }
    (self.kind, self.low, self.high, self.start, self.end) = (kind, low, high, start, end)
  }

  /// The coordinate of a value.
  func callAsFunction(_ value: Double) -> Double {
    let value = Scale.bounded(value)
    let share =
      kind == .linear ? (value - low) / (high - low) : log(max(value, 1e-300) / low) / log(high / low)
    return start + share * (end - start)
  }

  /// Values so far out that a difference of two of them would overflow count as a little nearer, and those that are hardly
  /// more than zero as a little more.
  private static func bounded(_ value: Double) -> Double {
    guard value.isFinite else { return value }
    let near = max(-1e150, min(1e150, value))
    return near > 0 ? max(1e-150, near) : near
  }

  /// Round values, about `count` of them and at most half as many again, from the smallest to the largest shown.
  func ticks(_ count: Int = 5) -> [Double] {
    guard kind == .logarithmic, high / low >= 8 else { return evenTicks(count) }
    let (first, last) = (Int(floor(log10(low))), Int(ceil(log10(high))))
    let decades = (first...last).map { pow(10, Double($0)) }
    let within = { (values: [Double]) in values.filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 } }
    let whole = within(decades)
    if whole.count > count + 2 {
      let every = (whole.count + count - 1) / count
      return whole.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }
    if whole.count >= 3 { return whole }
    return within(decades.flatMap { [$0, 2 * $0, 5 * $0] })
  }

  private func evenTicks(_ count: Int) -> [Double] {
    let rough = (high - low) / Double(count)
    let power = pow(10, floor(log10(rough)))
    let step = [1.0, 2, 5, 10].first { $0 * power >= rough * 0.7 }! * power
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 100 else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }
}

extension Scale.Kind {
  /// Logarithmic where all values are positive and spread over more than a factor of `factor`, outliers aside.
  static func fitting(_ values: [Double], factor: Double = 30) -> Scale.Kind {
    let finite = values.filter(\.isFinite).sorted()
    guard let least = finite.first, least > 0 else { return .linear }
    let (low, high) = (finite[finite.count / 100], finite[finite.count - 1 - finite.count / 100])
    return high / low > factor ? .logarithmic : .linear
  }
}

extension Scale {
  /// `count` + 1 values that divide a logarithmic scale evenly.
  func edges(_ count: Int) -> [Double] {
    (0...count).map { low * pow(high / low, Double($0) / Double(count)) }
  }
}
