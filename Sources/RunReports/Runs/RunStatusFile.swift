import ArrayFiles
import FoundationEssentials

/// What a run's status.json says, as far as it says it.
struct RunStatusFile: Decodable, Sendable {
  var state, phase: String?
  var attempt, step, steps, epoch, ranks: Int?
  var hosts: [String]?
  var loss, accuracy, timestepsPerSecond, secondsLeft: Double?
  var peakBytes: Int?
  var checkpoint, bestCheckpoint: String?
  var straggler: Straggler?
  var labels: UsedLabels?
  var started, updated, message: String?
  var exitCode: Int?

  /// The rank that others wait for.
  struct Straggler: Decodable, Sendable {
    var rank: Int?
    var host: String?
    var slowdown: Double?
  }

  /// Seconds after which a training that no longer writes its status counts as one that is gone: it writes every two.
  static let patienceSeconds = 60.0

  /// Reads a run's status; nil where there is none that can be read.
  init?(run: String) {
    guard let bytes = try? AtomicFile.read(run + "/status.json", limit: 1 << 20),
      let status = try? JSONDecoder().decode(RunStatusFile.self, from: Data(bytes))
    else { return nil }
    self = status
  }

  /// Whether it says that the run goes on, and said so less than a minute ago.
  func goesOn(at now: Date) -> Bool {
    guard state == "training", let updated, let time = try? Date(updated, strategy: .iso8601) else { return false }
    return now.timeIntervalSince(time) < RunStatusFile.patienceSeconds
  }
}
