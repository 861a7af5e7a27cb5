import FoundationEssentials

/// JSON of which equal values give equal bytes: keys sorted, numbers in their shortest form, a newline at the end.
public enum StableJSON {
  /// A value's JSON. A number that is not finite has none: that is an error of the caller.
  public static func encode(_ value: some Encodable) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return try encoder.encode(value) + [UInt8(ascii: "\n")]
    } catch {
      preconditionFailure("\(value) has no JSON: \(error)")
    }
  }
}
