/// Something wrong with the place where a job is to run, told so that a person knows what to do.
public struct Finding: Codable, Sendable, Equatable {
  /// The check that found it: "cores".
  public var check: String
  /// What was seen, on which ranks and hosts.
  public var what: String
  /// Why it matters.
  public var why: String
  /// What to type, or to do.
  public var remedy: String
}

/// Something that could not be looked at: neither well nor ill.
public struct NotChecked: Codable, Sendable, Equatable {
  /// The check.
  public var check: String
  /// What kept it from being made, and what to do for it.
  public var why: String
}
