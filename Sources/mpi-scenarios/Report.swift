import Glibc

/// What a rank has to say about a scenario: names and values, written as one line of JSON.
struct Report {
  private var values: [(name: String, value: String)] = []

  /// Adds a value.
  mutating func set(_ name: String, _ value: some CustomStringConvertible) { values.append((name, "\(value)")) }

  /// Writes the line in one piece, so that the ranks' lines do not mix. Names and values hold nothing that needs
  /// escaping.
  func write(rank: Int, size: Int) {
    let pairs = values.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ",")
    let line = Array("{\"rank\":\(rank),\"size\":\(size),\"values\":{\(pairs)}}\n".utf8)
    _ = line.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}

/// A scenario found something wrong, or was told to fail.
struct ScenarioFailure: Error, CustomStringConvertible {
  let description: String
  var exitCode: Int32 = 1
}

/// Throws a sentence unless two values are equal.
func expect<Value: Equatable>(_ got: Value, _ expected: Value, _ what: @autoclosure () -> String) throws {
  if got != expected { throw ScenarioFailure(description: "\(what()): expected \(expected), got \(got)") }
}
