import ArrayFiles
import Foundation
import Testing
import Training

@testable import RunReports

/// Runs that are hostile, damaged or hardly begun: a page that says so, and nothing that runs.
@Suite struct OddRunTests {
  /// A run's folder with these files.
  private func run(_ files: [String: String], named name: String = "run") throws -> String {
    let folder = NSTemporaryDirectory() + "/lockstep-odd-\(UUID().uuidString)/\(name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      let path = folder + "/" + name
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
    return folder
  }

  private func page(_ runs: [String], saying words: String..., sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    let html = try RunReport(runs).html()
    for run in runs { try? FileManager.default.removeItem(atPath: (run as NSString).deletingLastPathComponent) }
    #expect(try PageCheck.problems(html) == [], sourceLocation: sourceLocation)
    for word in words { #expect(html.contains(word), "expected \"\(word)\"", sourceLocation: sourceLocation) }
  }

  private static func step(_ step: Int, loss: String = "0.5") -> String {
    """
    {"epoch":0,"exposedCommunicationSeconds":0.001,"gradientNorm":\(loss),"imbalance":1.25,"inputSeconds":1e-06,\
    "kind":"train","learningRate":0.001,"leastTimestepsOfRank":300,"loss":\(loss),"mostTimestepsOfRank":500,\
    "peakBytes":118427648,"seconds":0.01,"sequences":32,"step":\(step),"timesteps":800,"timestepsPerSecond":80000}

    """
  }
  private static let hostile = "<img src=x onerror=alert(1)>\"'</style><script>alert(2)</script>"

  @Test func aRunThatHasNothingYet() throws {
    try page(
      [try run(["recipe.yaml": ""])], saying: "metrics.jsonl", "no checkpoint yet", "recipe.yaml cannot be used",
      "not known: there is no status.json")
    try page([try run(["metrics.jsonl": ""])], saying: "holds no step yet", "recipe.yaml is not there")
  }

  @Test func aRunInTheMidstOfALine() throws {
    let metrics = Self.step(1) + Self.step(2, loss: "null") + "not json\n" + Self.step(3) + #"{"kind":"train","st"#
    let status = """
      {"state":"training","step":3,"steps":900,"ranks":2,"hosts":["a","b"],"updated":"\(Date.now.formatted(.iso8601))"}
      """
    try page(
      [try run(["metrics.jsonl": metrics, "status.json": status, "checkpoints/step-00000003/MANIFEST.json": "{"])],
      saying: "the last line is not finished", "1 line could not be read", "still going", "1 step had no finite loss",
      "On 2 ranks the balance over 3 steps is 80.0 %", "of 900")
    let old = status.replacingOccurrences(of: "\"updated\":\"2", with: "\"updated\":\"1")
    try page([try run(["metrics.jsonl": metrics, "status.json": old])], saying: "ended without a word")
  }

  @Test func lossesOfNoNumber() throws {
    let metrics = (1...50).map { Self.step($0, loss: "null") }.joined()
    try page([try run(["metrics.jsonl": metrics])], saying: "50 steps had no finite loss")
    try page([try run(["metrics.jsonl": Self.step(1, loss: "1e308") + Self.step(2, loss: "-1e308")])])
    // Numbers that no counter can hold.
    let wild = Self.step(1).replacing("\"step\":1", with: "\"step\":1e300").replacing("1.25", with: "1e-300")
      .replacing("500", with: "1e300").replacing("118427648", with: "1e305")
    try page([try run(["metrics.jsonl": wild + wild.replacing("train", with: "validation")])])
  }

  @Test func namesAndTextsThatAreElements() throws {
    let files = [
      "recipe.yaml": Self.hostile, "run.json": "{\"command\":\"\(Self.hostile.replacing("\"", with: "'"))\"}",
      "status.json": "{\"state\":\"failed\",\"message\":\"<script>alert(3)</script>\",\"updated\":\"<b>\","
        + "\"labels\":{\"used\":5,\"of\":9}}",
      "metrics.jsonl": Self.step(1).replacing("\"epoch\"", with: "\"parts\":{\"<b onload=x>\":{\"loss\":1}},\"epoch\"")
        + Self.step(2),
    ]
    let name = "<img src=x onerror=alert(1)>"
    try page([try run(files, named: name)], saying: "&lt;b onload=x&gt;", "&lt;img src=x onerror=alert(1)&gt;")
    try page([try run(files, named: name), try run(files)], saying: "2 runs compared", "5 of 9")
  }

  @Test func manyRuns() throws {
    let runs = try (0..<30).map { number in
      try run(["metrics.jsonl": (1...40).map { Self.step($0, loss: "\(Double($0 + number))") }.joined()])
    }
    try page(runs, saying: "30 runs compared")
  }

  @Test func whatIsNoRunIsRefused() throws {
    #expect {
      try RunReport(["/nonexistent/run"]).html()
    } throws: {
      TrainingError.exitCode(of: $0) == 66 && "\($0)".contains("--out folder of a training")
    }
    let folder = try run(["dataset.json": "{}"])
    for path in [folder, folder + "/dataset.json"] {
      #expect {
        try RunReport([path]).html()
      } throws: {
        TrainingError.exitCode(of: $0) == 66 && "\($0)".contains("is no run")
      }
    }
  }

  /// 200,000 steps: less than three seconds, in release, and less than 3 MB. A debug build reads fewer.
  @Test func aLongRun() throws {
    #if DEBUG
      let steps = 5_000
    #else
      let steps = 200_000
    #endif
    var text = ""
    for step in 1...steps {
      text += Self.step(step, loss: "\(1 / Double(step).squareRoot() + Double(step * 7919 % 1000) / 9e3)")
    }
    let folder = try run(["metrics.jsonl": text])
    let start = ContinuousClock.now
    let html = try RunReport([folder]).html()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try FileManager.default.removeItem(atPath: folder)
    #expect(html.utf8.count < 3_000_000)
    #expect(html.contains("\(NumberText.count(steps)) steps: pale, the least and the largest value of every"))
    // Six times the time that it should take: other tests run beside it.
    #expect(seconds < 18, "\(seconds) s")
  }
}
