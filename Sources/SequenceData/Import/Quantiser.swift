/// Makes categories of real numbers, the same on every machine.
public struct Quantiser: Sendable, Equatable {
  enum Scale: Sendable, Equatable {
    case muLaw
    case linear(low: Double, high: Double)
  }

  /// The number of categories.
  public let levels: Int
  let scale: Scale
  /// Of the mu law: the least magnitude of each level above the middle, ascending.
  private let thresholds: [Double]

  /// The mu law of ITU-T G.711 (mu = 255) over the full scale -1...1, cut into `levels` equal parts; silence is the
  /// middle one. An import refuses values beyond the full scale.
  public static func muLaw(levels: Int) throws -> Quantiser {
    try check(levels)
    // A value lies at or above level k if its companded value y = sign(x) ln(1 + 255|x|) / ln 256 is at least 2k/levels
    // - 1, that is, if |x| is at least (256^y - 1) / 255.
    let first = (levels + 1) / 2 + (levels.isMultiple(of: 2) ? 1 : 0)
    let thresholds = (first..<max(first, levels)).map { level in
      (power256(2 * level - levels, levels) - 1) / 255
    }
    return Quantiser(levels: levels, scale: .muLaw, thresholds: thresholds)
  }

  /// `levels` equal parts of `low...high`. Values beyond take the outermost levels.
  public static func linear(levels: Int, low: Double, high: Double) throws -> Quantiser {
    try check(levels)
    guard low.isFinite, high.isFinite, low < high, (high - low).isFinite else {
      throw DataError.usage("quantise: \(low) is not below \(high)")
    }
    return Quantiser(levels: levels, scale: .linear(low: low, high: high), thresholds: [])
  }

  /// Reads `mu-law:LEVELS` or `linear:LEVELS:LOW:HIGH`.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 2, parts[0] == "mu-law", let levels = Int(parts[1]) {
      self = try .muLaw(levels: levels)
    } else if parts.count == 4, parts[0] == "linear", let levels = Int(parts[1]), let low = Double(parts[2]),
      let high = Double(parts[3])
    {
      self = try .linear(levels: levels, low: low, high: high)
    } else {
      throw DataError.usage("quantise: \"\(text)\" is neither mu-law:LEVELS nor linear:LEVELS:LOW:HIGH")
    }
  }

  private init(levels: Int, scale: Scale, thresholds: [Double]) {
    (self.levels, self.scale, self.thresholds) = (levels, scale, thresholds)
  }

  private static func check(_ levels: Int) throws {
    guard (2...1 << 16).contains(levels) else {
      throw DataError.usage("quantise: \(levels) levels cannot be made; ask for 2...\(1 << 16)")
    }
  }

  /// 256 to the power of `numerator / denominator` in 0..<1: for each binary digit of the exponent a square root of the
  /// one before, all exactly rounded; the C library's `pow` is not the same everywhere.
  private static func power256(_ numerator: Int, _ denominator: Int) -> Double {
    var result = 1.0
    var root = 256.0
    var rest = numerator
    for _ in 0..<56 where rest > 0 {
      root = root.squareRoot()
      rest *= 2
      if rest >= denominator {
        rest -= denominator
        result *= root
      }
    }
    return result
  }

  /// The category of a finite value. Complexity: O(log levels) for the mu law, else O(1).
  public func level(of value: Float) -> Int {
    switch scale {
    case .linear(let low, let high):
      let place = (Double(value) - low) / (high - low) * Double(levels)
      return Int(min(max(place, 0), Double(levels - 1)))
    case .muLaw:
      let magnitude = Double(abs(value))
      var low = 0
      var high = thresholds.count
      while low < high {
        let middle = (low + high) / 2
        if thresholds[middle] <= magnitude { low = middle + 1 } else { high = middle }
      }
      if levels.isMultiple(of: 2) {
        return value.sign == .minus && value != 0 ? levels / 2 - 1 - low : levels / 2 + low
      }
      return value.sign == .minus ? levels / 2 - low : levels / 2 + low
    }
  }

  /// The first of finite values that lies beyond the mu law's full scale, and what to do; nil where none does. A linear
  /// scale names its ends, so that values beyond them are meant to take the outermost levels.
  func problem(with values: [Float]) -> (index: Int, reason: String)? {
    guard scale == .muLaw, let index = values.firstIndex(where: { abs($0) > 1 }) else { return nil }
    let largest = values.reduce(0) { max($0, abs($1)) }
    return (
      index,
      "the value is \(ValueChecker.text(values[index])), but the mu law wants -1...1 (this sequence goes up to "
        + "\(ValueChecker.text(largest))): multiply with --scale FACTOR, or use --quantise linear:\(levels):LO:HI"
    )
  }

  /// Replaces finite values by their categories. Complexity: O(values log levels).
  func apply(to values: inout [Float]) {
    values.withUnsafeMutableBufferPointer { buffer in
      for index in buffer.indices { buffer[index] = Float(level(of: buffer[index])) }
    }
  }
}
