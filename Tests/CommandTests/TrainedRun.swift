import ArrayFiles
import Foundation
import Testing

/// One line of metrics.jsonl, what tests ask of it.
struct MetricsRow: Decodable {
  var kind: String
  var step, epoch, sequences: Int
  /// None where the step was skipped.
  var loss: Double?
  var skippedFor: [Int]?
  var accuracy, macroF1, learningRate, gradientNorm, imbalance: Double?
  var inputSeconds, checkpointSeconds: Double?
  var timesteps, leastTimestepsOfRank, mostTimestepsOfRank, peakBytes: Int?
  var isBest: Bool?
  var parts: [String: Part]?

  /// One of several losses.
  struct Part: Decodable {
    var loss, accuracy: Double?
  }

  /// What must be equal on every number of ranks, as text in which different bits are different.
  var lawful: String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
    return
      "\(kind) \(step) of epoch \(epoch): loss \(text(loss)) skipped for \(skippedFor ?? []) accuracy \(text(accuracy)) macroF1 \(text(macroF1)) "
      + "learningRate \(text(learningRate)) gradientNorm \(text(gradientNorm)) sequences \(sequences) "
      + "timesteps \(timesteps.map(String.init) ?? "-") best \(isBest.map(String.init) ?? "-")"
      + (parts ?? [:]).sorted { $0.key < $1.key }.map { " \($0) \(text($1.loss)) \(text($1.accuracy))" }.joined()
  }
}

/// A RUN on disk.
struct TrainedRun {
  static let checkpointFiles = ["model.safetensors", "optimizer.safetensors", "state.json"]

  let path: String

  /// All lines of metrics.jsonl.
  var rows: [MetricsRow] {
    get throws {
      try text(path + "/metrics.jsonl").split(separator: "\n").map {
        try JSONDecoder().decode(MetricsRow.self, from: Data($0.utf8))
      }
    }
  }

  /// The lines of steps.
  var steps: [MetricsRow] { get throws { try rows.filter { $0.kind == "train" } } }

  /// The folder of a step's checkpoint.
  func checkpoint(_ step: Int) -> String { path + "/checkpoints/step-" + String(format: "%08d", step) }

  /// The names of the checkpoints, without the links.
  var checkpoints: [String] { get throws { try names(path + "/checkpoints").filter { $0.hasPrefix("step-") } } }

  /// The step that `latest` or `best` names; nil where there is no such link.
  func step(of link: String) -> Int? {
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/checkpoints/" + link)
    return target.flatMap { Int($0.dropFirst("step-".count)) }
  }

  /// The tensors of a step's model.
  func tensors(_ step: Int) throws -> [NamedTensor] {
    try SafetensorsFile(path: checkpoint(step) + "/model.safetensors").tensors()
  }

  /// Where the checkpoints of a step differ first, in words; nil where all files are equal.
  func difference(from other: TrainedRun, at step: Int) throws -> String? {
    for name in TrainedRun.checkpointFiles {
      let (a, b) = (checkpoint(step) + "/" + name, other.checkpoint(step) + "/" + name)
      if let place = try firstDifference(a, b) { return "\(name) of step \(step): \(place)" }
    }
    return nil
  }

  /// The first line of metrics.jsonl that differs in what obeys the same-bits law; nil where none does.
  func metricsDifference(from other: TrainedRun) throws -> String? {
    let (own, others) = (try rows.map(\.lawful), try other.rows.map(\.lawful))
    if own.count != others.count { return "\(own.count) lines of metrics, expected \(others.count)" }
    return zip(own, others).first { $0 != $1 }.map { "metrics: got \($0), expected \($1)" }
  }

  /// Expects equal bits in the checkpoint of a step and in the metrics.
  func expectSameBits(
    as other: TrainedRun, at step: Int, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let problems = [try metricsDifference(from: other), try difference(from: other, at: step)].compactMap(\.self)
    #expect(problems.isEmpty, "\(what): \(problems.joined(separator: "; "))", sourceLocation: sourceLocation)
  }
}

/// Where two files differ first, in words; nil where they are equal. Of safetensors the tensor is named.
func firstDifference(_ got: String, _ expected: String) throws -> String? {
  let (a, b) = (try bytes(got), try bytes(expected))
  if a == b { return nil }
  guard let place = zip(a, b).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset else {
    return "\(a.count) bytes, expected \(b.count)"
  }
  let entry = (try? SafetensorsFile(path: got))?.entries.first { $0.bytes.contains(place) }
  let name = entry.map { ", within \($0.name)" } ?? ""
  return "byte \(place) of \(a.count)\(name): got \(a[place]), expected \(b[place])"
}
