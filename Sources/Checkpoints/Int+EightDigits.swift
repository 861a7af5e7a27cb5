extension Int {
  /// The number with zeros in front, so that names sort as numbers do: `00000200`.
  var eightDigits: String {
    let digits = String(self)
    return String(repeating: "0", count: Swift.max(0, 8 - digits.count)) + digits
  }
}
