import ArrayFiles
import Checkpoints
import Foundation
import Testing

@Suite struct MetricsFileTests {
  private struct Row: Encodable {
    var kind = "train"
    let step: Int
    let loss: Double
  }

  private func text(_ path: String) throws -> String { String(decoding: try AtomicFile.read(path), as: UTF8.self) }

  @Test func linesAreAppendedAcrossOpenings() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    for step in 1...3 {
      let metrics = try MetricsFile(path: path)
      try metrics.append(Row(step: step, loss: 1 / Double(step)))
      try metrics.synchronise()
    }
    #expect(
      try text(path) == """
        {"kind":"train","loss":1,"step":1}
        {"kind":"train","loss":0.5,"step":2}
        {"kind":"train","loss":0.3333333333333333,"step":3}

        """)
  }

  @Test func aLineIsWhatTheEncoderWrites() throws {
    struct Part: Encodable { let loss: Double? }
    struct Full: Encodable {
      let a: Double
      let b: Int?
      let c: [Int]
      let d: [String: Part]
      let e: String
    }
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    let metrics = try MetricsFile(path: path)
    let numbers = [
      0, -0.0, 1, 8, -3.5, 0.1 + 0.2, 1e-6, .leastNonzeroMagnitude, 1e15, 1e16, 1.5e300, 998_877.123_4, .pi,
      .greatestFiniteMagnitude,
    ]
    for (index, number) in numbers.enumerated() {
      let count = index % 2 == 0 ? nil : Int.min + index
      try metrics.append(Full(a: number, b: count, c: [1, -2], d: ["next": Part(loss: number)], e: "train"))
      var (line, parts, part) = (JSONLine(), JSONLine(), JSONLine())
      part.add("loss", number)
      parts.add("next", part)
      line.add("a", number)
      line.add("b", count)
      line.add("c", [1, -2])
      line.add("d", parts)
      line.add("e", "train")
      try metrics.append(line)
    }
    let lines = try text(path).split(separator: "\n")
    #expect(lines.count == 2 * numbers.count)
    for index in numbers.indices { #expect(lines[2 * index] == lines[2 * index + 1]) }
  }

  @Test func whatIsNotFiniteIsNull() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    var line = JSONLine()
    for (name, value) in [("a", Double.nan), ("b", .infinity), ("c", -.infinity)] { line.add(name, orNull: value) }
    try MetricsFile(path: path).append(line)
    #expect(try text(path) == #"{"a":null,"b":null,"c":null}"# + "\n")
  }

  @Test func laterStepsAreCutOff() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    #expect(try MetricsFile.cutBack(path, toStep: 3) == 0)
    let lines = [1, 2, 2, 3, 4, 4, 5].map { "{\"step\":\($0)}" }
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: path)
    #expect(try MetricsFile.cutBack(path, toStep: 3) == 3)
    #expect(try text(path) == lines.prefix(4).joined(separator: "\n") + "\n")
    #expect(try MetricsFile.cutBack(path, toStep: 3) == 0)
    #expect(try MetricsFile.cutBack(path, toStep: 0) == 4)
    #expect(try text(path) == "")
    #expect(try AtomicFile.names(inFolder: scratch.run) == ["metrics.jsonl"])
  }

  @Test(arguments: ["{", "{\"step\":", "{\"step\":3", "\0\0\0\0\0"])
  func aHalfWrittenLastLineIsDropped(rest: String) throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    try AtomicFile.write("{\"step\":1}\n\(rest)", to: path)
    #expect(try MetricsFile.cutBack(path, toStep: 9) == 1)
    #expect(try text(path) == "{\"step\":1}\n")
  }

  @Test func aWholeLastLineWithoutItsNewlineIsKept() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    try AtomicFile.write("{\"step\":1}\n{\"step\":2}", to: path)
    #expect(try MetricsFile.cutBack(path, toStep: 9) == 0)
    #expect(try text(path) == "{\"step\":1}\n{\"step\":2}\n")
  }

  @Test func whatALossOfPowerLeftBehindTheStepIsDropped() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    let kept = "{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"kind\":\"validation\"}\n"
    let zeros = String(repeating: "\0", count: 512)
    try AtomicFile.write(kept + "{\"step\":3}\n{\"st" + zeros + "p\":4}\n{\"step\":5}\n{\"st", to: path)
    #expect(try MetricsFile.cutBack(path, toStep: 2) == 4)
    #expect(try text(path) == kept)
  }

  @Test(arguments: [
    // Behind the step; before a line that is needed, with the step before it and without; with no step to reach.
    ("{\"step\":1}\n\0\0\0\n{\"step\":2}\n{\"step\":3}\n", 1, nil), ("{\"step\":1}\n\0\0\0\n{\"step\":2}\n", 2, 2),
    ("{\"step\":1}\n{\"step\":2}\n\0\0\n{\"step\":2}\n", 2, 3), ("\0\0\n{\"step\":2}\n", 1, 1),
    ("\0\0\n{\"step\":2}\n", 0, nil),
  ])
  func damageIsDroppedOnlyBehindTheStep(content: String, step: Int, line: Int?) throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    try AtomicFile.write(content, to: path)
    if let line {
      #expect(throws: FileError.damaged(path: path, reason: "line \(line) is no JSON object with a step")) {
        try MetricsFile.cutBack(path, toStep: step)
      }
      #expect(try text(path) == content)
    } else {
      try MetricsFile.cutBack(path, toStep: step)
      #expect(try text(path) == (step == 0 ? "" : "{\"step\":1}\n"))
    }
  }

  @Test func aBrokenLineWithinIsAnErrorAndChangesNothing() throws {
    let scratch = try Scratch()
    let path = "\(scratch.run)/metrics.jsonl"
    let broken = "{\"step\":1}\n{\"stop\":2}\n{\"step\":3}\n"
    try AtomicFile.write(broken, to: path)
    #expect(throws: FileError.damaged(path: path, reason: "line 2 is no JSON object with a step")) {
      try MetricsFile.cutBack(path, toStep: 3)
    }
    #expect(try text(path) == broken)
    #expect(try AtomicFile.names(inFolder: scratch.run) == ["metrics.jsonl"])
  }
}
