/// Numbers with what they count.
public enum Counted {
  /// `1 sequence`, `2 sequences`; a word whose plural is another is given with it.
  public static func text(_ count: Int, _ what: String, plural: String? = nil) -> String {
    "\(count) \(count == 1 ? what : plural ?? what + "s")"
  }
}
