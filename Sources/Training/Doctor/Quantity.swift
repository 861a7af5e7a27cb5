import Foundation

/// Numbers with units, for people.
enum Quantity {
  /// "512 B", "3.0 MiB", "1.5 GiB".
  static func bytes(_ count: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
    guard count >= 1024 else { return "\(count) B" }
    var value = Double(count) / 1024
    var unit = 0
    while value >= 1024 && unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return String(format: "%.1f %@", value, units[unit])
  }

  /// "25 us", "1.2 ms", "3.5 s".
  static func seconds(_ value: Double) -> String {
    let size = abs(value)
    if size < 1e-3 { return String(format: "%.3g us", value * 1e6) }
    if size < 1 { return String(format: "%.3g ms", value * 1e3) }
    return String(format: "%.3g s", value)
  }

  /// "9.4 Gbit/s", of bytes a second.
  static func rate(_ bytesPerSecond: Double) -> String { String(format: "%.3g Gbit/s", bytesPerSecond * 8e-9) }
}
