import Foundation

/// Numbers of a training as its progress line, `watch` and `runs` show them.
public enum ProgressText {
  /// Four significant digits.
  public static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  /// A share with one decimal: `93.1 %`.
  public static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  /// How many times: `1.6 ×`.
  public static func factor(_ value: Double) -> String { String(format: "%.1f ×", value) }

  /// So many a second, or of anything: `950`, `12 k`, `1.20 M`.
  public static func rate(_ value: Double) -> String {
    value >= 1e6 ? String(format: "%.2f M", value / 1e6) : String(format: "%.0f k", value / 1e3)
  }

  /// A time: `80 s`, `12 min`, `3.4 h`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return "–" }
    let s = Int(seconds.rounded())
    return s < 90 ? "\(s) s" : s < 5400 ? "\(s / 60) min" : String(format: "%.1f h", seconds / 3600)
  }

  /// A size: `312 KiB`, `1.4 GiB`.
  public static func bytes(_ count: Double) -> String {
    let (kib, mib, gib) = (1024.0, 1_048_576.0, 1_073_741_824.0)
    if count < mib { return String(format: "%.0f KiB", (count / kib).rounded(.up)) }
    return count < gib ? String(format: "%.0f MiB", count / mib) : String(format: "%.1f GiB", count / gib)
  }
}
