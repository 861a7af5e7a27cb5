import CRevision

/// What this program was built from.
enum BuiltFrom {
  /// The commit, twelve digits of it, `+` behind them where files had been changed since; none where the build knew none.
  static var commit: String? {
    let revision = String(cString: lockstep_revision())
    guard !revision.isEmpty else { return nil }
    return revision.prefix { $0.isHexDigit }.prefix(12) + (revision.hasSuffix("+") ? "+" : "")
  }
}
