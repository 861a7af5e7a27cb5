/// What one step sends, and when: recorded from a real step (``StepRecorder``), so that it is true of every encoder and
/// objective.
struct StepTraffic: Sendable, Equatable {
  /// An occasion on which the step calls MPI.
  enum Call: Sendable, Equatable {
    /// Sums of so many Doubles, which all ranks wait for.
    case statistics(count: Int)
    /// A range of the gradient is complete.
    case gradient(Range<Int>)
    /// What is under way is moved along.
    case poll
  }

  /// A call and its moment.
  struct Event: Sendable, Equatable {
    /// What is called.
    var call: Call
    /// When: the share of the computation that is done by then, 0 ... 1.
    var done: Double
  }

  /// In the order of the step.
  var events: [Event]

  /// Elements of each sum of statistics.
  var statistics: [Int] {
    events.compactMap { if case .statistics(let count) = $0.call { count } else { nil } }
  }
  /// Elements of the gradient.
  var parameters: Int {
    events.reduce(0) { if case .gradient(let range) = $1.call { $0 + range.count } else { $0 } }
  }
}
