import Foundation
import Testing

@testable import RunReports

/// The list of runs, of a tree in which all sorts of things stand.
@Suite struct RunListTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-runs-\(UUID())")

  private func write(_ name: String, _ text: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private struct Listed: Decodable {
    var path, state: String
    var command, objective: String?
    var step, steps, exitCode: Int?
    var best: RunSummary.Best?
    var bytes: Int
  }

  @Test func everyRunIsListedWhateverItHolds() throws {
    let now = Date.now.formatted(.iso8601)
    try write("a/one/status.json", #"{"state":"training","step":5,"steps":9,"updated":"\#(now)","started":"\#(now)"}"#)
    try write("a/one/run.json", #"{"command":"finetune","isProbe":true}"#)
    try write("a/one/inner/run.json", "{}")
    try write("b/run.json", "not JSON")
    try write("b/status.json", #"{"state":"failed","exitCode":76,"step":3,"message":"a rank stalled"}"#)
    try write("b/recipe.yaml", "nor: [YAML")
    try write("c/metrics.jsonl", "")
    try write("c/checkpoints/latest/state.json", #"{"step":7,"best":{"step":6,"metric":"loss","value":0.25}}"#)
    try write("d/status.json", #"{"state":"training","updated":"2001-01-01T00:00:00Z"}"#)
    try write("notes/readme.txt", "nothing")
    try write(".hidden/run.json", "{}")
    let files = FileManager.default
    try files.createSymbolicLink(at: folder.appendingPathComponent("a/loop"), withDestinationURL: folder)
    try files.createSymbolicLink(
      at: folder.appendingPathComponent("nowhere"), withDestinationURL: folder.appendingPathComponent("gone"))

    let list = try RunsCommand.list(folder.path, isJSON: true)
    #expect(list.problems.isEmpty, "\(list.problems)")
    let runs = try JSONDecoder().decode([Listed].self, from: Data(list.text.utf8))
    #expect(runs.map { $0.path.dropFirst(folder.path.count + 1) } == ["a/one", "b", "c", "d"])
    #expect(runs.map(\.state) == ["running", "failed", "unknown", "unknown"])
    #expect(runs[0].command == "probe" && runs[0].step == 5 && runs[0].steps == 9 && runs[0].bytes > 100)
    #expect(runs[1].exitCode == 76 && runs[1].command == nil && runs[1].objective == nil)
    #expect(runs[2].step == 7 && runs[2].best?.value == 0.25)

    let table = try RunsCommand.list(folder.path + "/", isJSON: false).text.split(separator: "\n")
    #expect(table.count == 5 && table[0].hasPrefix("run    command  objective"), "\(table)")
    #expect(table[1].hasPrefix("a/one  probe    –") && table[1].contains("5/9") && table[1].contains("running"))
    #expect(table[2].contains("failed (76)") && table[3].contains("loss 0.25 at 6"), "\(table)")
    #expect(try RunsCommand.list(folder.path + "/notes", isJSON: false).text.hasPrefix("no runs under "))
    for (place, words) in [("b/run.json", "is a file; name a folder"), ("gone", "not found; name a folder")] {
      #expect {
        try RunsCommand.list("\(folder.path)/\(place)", isJSON: false)
      } throws: {
        "\($0)".contains(words)
      }
    }
  }
}
