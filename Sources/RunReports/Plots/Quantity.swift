/// What the numbers of an axis are, and so in which unit they are shown.
enum Quantity: Sendable {
  /// A number without a unit.
  case number(String)
  /// A share, shown in percent.
  case share(String)
  /// Bytes.
  case bytes(String)
  /// Seconds.
  case seconds(String)
  /// So many a second, or of something countable: thousands and millions are shown as such.
  case amount(String)

  /// The unit in which numbers up to `largest` read well: what a number is multiplied by, and what stands on the axis.
  func unit(forLargest largest: Double) -> (factor: Double, name: String) {
    switch self {
    case .number(let name): return (1, name)
    case .share(let name): return (100, "\(name), %")
    case .bytes(let name):
      return largest >= 1_073_741_824
        ? (1 / 1_073_741_824, "\(name), GiB")
        : largest >= 1_048_576 ? (1 / 1_048_576, "\(name), MiB") : (1 / 1024, "\(name), KiB")
    case .seconds(let name):
      return largest >= 1 ? (1, "\(name), s") : largest >= 1e-3 ? (1e3, "\(name), ms") : (1e6, "\(name), µs")
    case .amount(let name):
      return largest >= 2e6 ? (1e-6, "\(name), millions") : largest >= 2e4 ? (1e-3, "\(name), thousands") : (1, name)
    }
  }
}
