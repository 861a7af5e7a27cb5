import ArrayFiles
import Foundation
import Testing

@testable import RunReports

/// Reading metrics.jsonl, whole, in pieces and damaged.
@Suite struct RunMetricsTests {
  private static let step =
    #"{"epoch":0,"gradientNorm":null,"kind":"train","learningRate":2e-05,"loss":0.5465450938109856,"step":1}"#
  private static let validation =
    #"{"accuracy":0.25,"isBest":true,"kind":"validation","loss":1.5,"parts":{"next":{"loss":-3}},"step":1}"#

  @Test func rowsBecomeColumnsByKind() {
    let lines = [
      Self.step, Self.validation,
      #" { "kind" : "train" , "step" : 2 , "loss" : 12345678901234567890 , "skippedFor" : [ 3, {"a":[]}, "]" ] } "#,
      #"{"kind":"train","step":3,"l\u006fss":1E+2,"new":-0.125}"#, #"{"kind":"other","step":4}"#,
    ]
    let metrics = RunMetrics(bytes: Array(lines.map { $0 + "\n" }.joined().utf8))
    #expect(metrics.damagedLines == 0)
    #expect(metrics.train.count == 3 && metrics.validation.count == 1)
    #expect(metrics.train.steps == [1, 2, 3])
    #expect(metrics.train["loss"] == [0.5465450938109856, 12345678901234567890, 100])
    #expect(metrics.train["gradientNorm"]?.allSatisfy(\.isNaN) == true)
    #expect(metrics.train["skippedFor"]?[1] == 3)
    #expect(metrics.train["new"]?[2] == -0.125)
    #expect(metrics.train["new"]?[0].isNaN == true)
    #expect(metrics.validation["parts.next.loss"] == [-3])
    #expect(metrics.validation["isBest"] == [1])
    #expect(metrics.train["nothing"] == nil)
  }

  @Test(arguments: [
    "", "{", "{\"step\":}", "[1]", "{\"step\":1}}", "{\"kind\":\"train\",\"step\":1", "{\"a\":1e}", "{\"a\":.5}",
    "{\"a\":nul}", "{\"a\":-}", "{\"a\":\"\\\"}", "\0\0\0", String(repeating: "{\"a\":", count: 99),
    String(repeating: "[", count: 99), "{\"a\":[1,]}", "{\"a\":1,}", "{\"a\":NaN}",
  ])
  func whatIsNoRowIsPassedOver(line: String) {
    let metrics = RunMetrics(bytes: Array("\(Self.step)\n\(line)\n\(Self.step)\n".utf8))
    #expect(metrics.train.count == 2)
    #expect(metrics.damagedLines == (line.isEmpty ? 0 : 1))
  }

  @Test func aFileIsReadAsItGrows() throws {
    let path = NSTemporaryDirectory() + "/lockstep-metrics-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var metrics = RunMetrics(file: path)
    #expect(throws: FileError.self) { try metrics.update() }
    let text = Array("\(Self.step)\n\(Self.validation)\n\(Self.step)\n".utf8)
    // Whatever the place at which a reader meets the file's end.
    for end in stride(from: 0, through: text.count, by: 7) {
      try Data(text[..<end]).write(to: URL(fileURLWithPath: path))
      metrics = RunMetrics(file: path)
      try metrics.update()
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(text[end...]))
      try handle.close()
      try metrics.update()
      #expect(metrics.train.count == 2 && metrics.validation.count == 1 && metrics.damagedLines == 0, "end \(end)")
      #expect(metrics.unfinishedBytes == 0)
      #expect(try metrics.update() == false)
    }
    // A run that went back to a checkpoint has another, shorter file.
    try AtomicFile.write(Self.step + "\n{\"kind\":\"tr", to: path)
    #expect(try metrics.update())
    #expect(metrics.train.count == 1 && metrics.validation.count == 0)
    #expect(metrics.unfinishedBytes == 11)
  }

  @Test func numbersAreReadAsTheLibraryReadsThem() {
    let texts = [
      "0", "-0", "1", "0.1", "123456789012345", "1234567890123456", "9007199254740993", "1e22", "1e23", "1e-22",
      "5e-324", "1e-400", "-2.2250738585072011e-308", "0.30000000000000004",
      "3.947841241136452e-10", "8.781000000000023e-06",
      "1655630.8215214987",
    ]
    for text in texts {
      let metrics = RunMetrics(bytes: Array("{\"kind\":\"train\",\"x\":\(text)}\n".utf8))
      #expect(metrics.train["x"]?.first?.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }
}
