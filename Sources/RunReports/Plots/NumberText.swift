import FoundationEssentials

/// Numbers as people read them.
enum NumberText {
  /// A number with up to `digits` significant digits, without zeros at its end: `0.07245`, `1,234.5`, `3.9e-10`.
  static func short(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return value.isNaN ? "not finite" : value < 0 ? "−∞" : "∞" }
    guard value != 0 else { return "0" }
    let size = abs(value)
    if size >= 1e9 || size < 1e-4 { return scientific(value, digits: digits) }
    let decimals = max(0, digits - 1 - exponent(of: size))
    return fixed(value, decimals: min(decimals, 8))
  }

  /// A whole number with a comma before every three digits.
  static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "−" : "") + text
  }

  /// A share in percent with one decimal.
  static func percent(_ share: Double) -> String {
    share.isFinite ? fixed(100 * share, decimals: 1, keepingZeros: true) + " %" : "–"
  }

  /// A coordinate of a picture: at most one decimal.
  static func coordinate(_ value: Double) -> String {
    let tenths = whole((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (units, part) = (tenths.magnitude / 10, tenths.magnitude % 10)
    return part == 0 ? "\(sign)\(units)" : "\(sign)\(units).\(part)"
  }

  /// The nearest whole number that there is; 0 for NaN.
  static func whole(_ value: Double) -> Int {
    value.isNaN ? 0 : Int(max(-1e15, min(1e15, value)).rounded())
  }

  /// A number for the script to read: five significant digits.
  static func data(_ value: Double) -> String {
    guard value.isFinite else { return "" }
    if value == value.rounded() && abs(value) < 1e7 { return String(Int(value)) }
    let places = 4 - exponent(of: abs(value))
    guard (0...8).contains(places) else { return scientific(value, digits: 5).replacing("−", with: "-") }
    return fixed(value, decimals: places, grouped: false).replacing("−", with: "-")
  }

  /// Decimal exponent of the first significant digit.
  static func exponent(of size: Double) -> Int {
    guard size > 0, size.isFinite else { return 0 }
    var (power, rest) = (0, size)
    while rest >= 10 {
      rest /= 10
      power += 1
    }
    while rest < 1 {
      rest *= 10
      power -= 1
    }
    return power
  }

  private static func fixed(
    _ value: Double, decimals: Int, grouped: Bool = true, keepingZeros: Bool = false
  ) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let units = (abs(value) * scale).rounded()
    guard units < 9e15 else { return scientific(value, digits: 5) }
    let whole = Int(units / scale)
    var digits = String(Int(units) - Int(Double(whole) * scale))
    digits = String(repeating: "0", count: max(0, decimals - digits.count)) + digits
    if decimals == 0 { digits = "" }
    while !keepingZeros, digits.hasSuffix("0") { digits.removeLast() }
    let sign = value < 0 && units > 0 ? "−" : ""
    return sign + (grouped ? count(whole) : String(whole)) + (digits.isEmpty ? "" : "." + digits)
  }

  private static func scientific(_ value: Double, digits: Int) -> String {
    var power = exponent(of: abs(value))
    var mantissa = abs(value)
    for _ in 0..<abs(power) { mantissa = power > 0 ? mantissa / 10 : mantissa * 10 }
    var text = fixed(mantissa, decimals: digits - 1)
    if text == "10" { (text, power) = ("1", power + 1) }
    return (value < 0 ? "−" : "") + text + "e" + (power < 0 ? "−" : "") + String(abs(power))
  }
}

extension NumberText {
  /// `1 step`, `1,234 steps`.
  static func counted(_ number: Int, _ noun: String) -> String { "\(count(number)) \(noun)\(number == 1 ? "" : "s")" }

  /// `1 h 12 min`, `3 min 20 s`, `12.5 s`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    if seconds < 60 { return "\(short(seconds, digits: 3)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(count(whole / 3600)) h \(whole / 60 % 60) min"
  }
}
