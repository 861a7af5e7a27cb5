import ArrayFiles
import MessagePassing
import SequenceData

/// The same data set on every rank.
struct DatasetCheck: Check {
  struct Observation: Codable, Sendable {
    /// What a training compares at its start; none where it cannot be read.
    var fingerprint: String?
    /// Why not.
    var problem: String?
    /// Whether that is because it is not there.
    var isMissing = false
  }

  static let name: StaticString = "data"
  static let patience = Activity.Patience.storage
  /// The data set's folder; none where there is nothing to look at.
  let path: String?

  func observe(_ world: Surroundings) -> Observation {
    guard let path else { return Observation() }
    do {
      return Observation(fingerprint: try SequenceDataset(at: path).fingerprint)
    } catch {
      return Observation(problem: "\(error)", isMissing: TrainingError.exitCode(of: error) == 66)
    }
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    guard let path else { return Verdict(notChecked: [notChecked("no data set is named: --data DIR")]) }
    let unread = seen.filter { $0.what.fingerprint == nil }
    let good = seen.first { $0.what.fingerprint != nil }
    let other = seen.filter { $0.what.fingerprint != nil && $0.what.fingerprint != good?.what.fingerprint }
    var verdict = Verdict()
    for isMissing in [true, false] {
      let ranks = unread.filter { $0.what.isMissing == isMissing }
      guard let problem = ranks.first?.what.problem else { continue }
      let fetch = good.map { "a shared folder, or a copy: rsync -a \($0.place.host):\(path)/ \(path)/" }
      verdict.findings.append(
        finding(
          "\(ranks.words()): \(problem)", why: "every rank reads the data set, at the same path",
          remedy: isMissing
            ? fetch ?? "check the path; mount the folder that it is in" : "lockstep data inspect \(path) on that host"))
    }
    if let good, !other.isEmpty {
      verdict.findings.append(
        finding(
          "\(other.words()): \(path) is another data set than on rank \(good.place.rank) on \(good.place.host)",
          why: "ranks would plan different steps; a training refuses (76)",
          remedy: "rsync -a --delete \(good.place.host):\(path)/ \(path)/ on that host"))
    }
    if verdict.findings.isEmpty, let fingerprint = good?.what.fingerprint {
      verdict.remarks = ["data: \(path) is the same on all ranks (\(fingerprint.prefix(8))); values are not compared"]
    }
    return verdict
  }
}
