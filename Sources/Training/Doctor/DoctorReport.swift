import Foundation

/// What the doctor saw and says, for people and for machines.
public struct DoctorReport: Encodable, Sendable {
  /// What is wrong.
  public private(set) var findings: [Finding] = []
  /// What could not be looked at.
  public private(set) var notChecked: [NotChecked] = []
  /// What was seen that belongs to no single rank, a line each.
  public private(set) var remarks: [String] = []
  private(set) var ranks: [Rank]

  /// One rank and what it saw.
  struct Rank: Encodable, Sendable {
    var rank: Int
    var host: String
    /// The lowest rank on the same machine.
    var node: Int
    /// Each check's observation, by the check's name.
    var seen: [String: JSONValue] = [:]
    /// The same for the tables.
    var facts: [Fact] = []

    private enum CodingKeys: String, CodingKey {
      case rank, host, node, seen
    }
  }

  init(places: [Place]) { ranks = places.map { Rank(rank: $0.rank, host: $0.host, node: $0.node) } }

  /// Takes in what a check saw, and says to it.
  mutating func add<C: Check>(_ check: C, _ seen: [Seen<C.Observation>]) throws {
    for (index, one) in seen.enumerated() {
      ranks[index].facts += check.facts(one.what)
      ranks[index].seen["\(C.name)"] = try JSONValue(copying: one.what)
    }
    let verdict = check.judge(seen)
    findings += verdict.findings
    notChecked += verdict.notChecked
    remarks += verdict.remarks
  }

  /// The report as JSON, keys in order.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension JSONValue {
  /// A value as it is encoded.
  init(copying value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}
