import MessagePassing

/// One thing to look at before a job: every rank observes, and from what all have seen it is judged what is wrong.
///
/// A new check is one new file and one line in ``Doctor``.
protocol Check {
  /// What one rank sees. No number in it may be infinite or NaN.
  associatedtype Observation: Codable & Sendable

  /// The word by which its findings are told.
  static var name: StaticString { get }
  /// How long a rank may take to look.
  static var patience: Activity.Patience { get }

  /// Looks. All ranks call it, and make the same collective calls in it, whatever they see.
  func observe(_ world: Surroundings) throws -> Observation

  /// What an observation adds to the tables that are shown.
  func facts(_ seen: Observation) -> [Fact]

  /// What is wrong: a pure function of what all ranks have seen, in their order.
  func judge(_ seen: [Seen<Observation>]) -> Verdict
}

extension Check {
  static var patience: Activity.Patience { .ordinary }

  func facts(_ seen: Observation) -> [Fact] { [] }

  func finding(_ what: String, why: String, remedy: String) -> Finding {
    Finding(check: "\(Self.name)", what: what, why: why, remedy: remedy)
  }

  func notChecked(_ why: String) -> NotChecked { NotChecked(check: "\(Self.name)", why: why) }
}

/// What a check may use to look.
struct Surroundings {
  let communicator: Communicator
  /// All ranks' places.
  let places: [Place]
  /// The lowest rank of every machine.
  var leaders: [Int] { places.filter(\.leads).map(\.rank) }
  var own: Place { places[communicator.rank] }
}

/// What one rank has seen.
struct Seen<Observation> {
  let place: Place
  let what: Observation
}

extension Array {
  /// The ranks of each machine.
  func byHost<Observation>() -> [[Seen<Observation>]] where Element == Seen<Observation> {
    Dictionary(grouping: self, by: \.place.node).sorted { $0.key < $1.key }.map(\.value)
  }

  /// Those that speak for their machines.
  func leaders<Observation>() -> [Seen<Observation>] where Element == Seen<Observation> { filter(\.place.leads) }

  /// Which ranks and where, in words.
  func words<Observation>() -> String where Element == Seen<Observation> { Place.words(map(\.place)) }
}

/// What a check says.
struct Verdict {
  var findings: [Finding] = []
  var notChecked: [NotChecked] = []
  /// Lines about what was seen that belong to no single rank.
  var remarks: [String] = []
}

/// A cell of a table.
struct Fact: Equatable {
  let title: String
  let value: String
  /// Whether it is the machine's rather than the rank's.
  var isOfHost = false
}
