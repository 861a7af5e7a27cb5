/// Numbers with what they count.
enum Counted {
  /// `1 sequence`, `2 sequences`.
  static func text(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
}
