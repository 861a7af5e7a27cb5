import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Training

@Suite struct MetricsRowTests {
  private func report(loss: Double, parts: [PartLoss] = [], accuracy: Double? = nil, skip: SkippedStep? = nil)
    -> StepReport
  {
    StepReport(
      step: 7, epoch: 1, loss: loss, accuracy: accuracy, parts: parts, learningRate: 1e-3, gradientNorm: 0.25,
      sequences: 8, timestepsOfRanks: [300, 500], ownSecondsOfRanksBefore: [0.1, 0.1], seconds: 0.5,
      communicationSeconds: [0.125, 0.25], isStopRequested: false, skip: skip)
  }

  private func written(_ row: TrainMetricsRow) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/metrics-rows-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try MetricsFile(path: path).append(row.line)
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func everyFieldHasItsNameInOrder() throws {
    let part = PartLoss(name: "next", loss: 0.5, accuracy: 0.75)
    let row = TrainMetricsRow(
      report(
        loss: 2, parts: [part, PartLoss(name: "masked", loss: .nan, accuracy: nil)], accuracy: 0.5,
        skip: SkippedStep(what: "loss", sequences: [3, 5])),
      inputSeconds: 0.0625, checkpointSeconds: 0.03125)
    let text = try written(row)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(Set(object.keys) == Set(Mirror(reflecting: row).children.compactMap(\.label) + ["kind"]))
    let places = try object.keys.sorted().map { try #require(text.range(of: "\"\($0)\":")).lowerBound }
    #expect(places == places.sorted(), "\(text)")
    #expect(
      text == """
        {"accuracy":0.5,"checkpointSeconds":0.03125,"epoch":1,"exposedCommunicationSeconds":0.375,"gradientNorm":0.25,\
        "imbalance":1.25,"inputSeconds":0.0625,"kind":"train","learningRate":0.001,"leastTimestepsOfRank":300,"loss":2,\
        "mostTimestepsOfRank":500,"parts":{"masked":{"loss":null},"next":{"accuracy":0.75,"loss":0.5}},\
        "peakBytes":\(row.peakBytes),"seconds":0.5,"sequences":8,"skippedFor":[3,5],"step":7,"timesteps":800,\
        "timestepsPerSecond":1600}

        """)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(text.contains("\"next\":" + String(decoding: try encoder.encode(part), as: UTF8.self)))
  }

  @Test func whatIsNotThereHasNoName() throws {
    let text = try written(TrainMetricsRow(report(loss: .nan), inputSeconds: 0))
    #expect(text.contains("\"loss\":null"))
    for name in ["accuracy", "checkpointSeconds", "parts", "skippedFor"] { #expect(!text.contains(name), "\(text)") }
  }
}
