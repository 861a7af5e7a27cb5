import Foundation
import Synchronization
import TestSupport
import Testing

/// Suites that start `lockstep` and watch what happens when: one after another, because they would take each other's cores
/// and time limits. Some of ``Trainings``' kind are here, so that both take as long.
@Suite(.serialized) enum Commands {}

/// Suites that start `lockstep` and ask for what it made, however long that took: one after another, beside those of
/// ``Commands``.
@Suite(.serialized) enum Trainings {}

/// The folder in which all these tests put their files; it goes when the process ends.
enum Workplace {
  private static let number = Atomic<Int>(0)

  private static let folder: URL = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "lockstep-commands-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Workplace.folder) }
    return folder
  }()

  /// A path at which nothing is yet.
  static func place(_ name: String) -> String {
    folder.appendingPathComponent("\(number.add(1, ordering: .relaxed).newValue)-\(name)").path
  }

  /// A file with this text.
  static func file(_ name: String, _ text: String) throws -> String {
    let path = place(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A copy of a file or folder.
  static func copy(_ path: String) throws -> String {
    let copy = place((path as NSString).lastPathComponent)
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    return copy
  }
}

/// Runs `lockstep` and expects an exit code.
/// - Parameters:
///   - line: the arguments, divided at spaces.
///   - more: further arguments, which may hold spaces.
///   - ranks: 1 runs it alone, more under mpirun.
@discardableResult func lockstep(
  _ line: String, _ more: [String] = [], ranks: Int = 1, environment: [String: String] = [:], expecting code: Int32 = 0,
  timeoutSeconds: Int = 240, sourceLocation: SourceLocation = #_sourceLocation
) throws -> MPIRun.Result {
  let arguments = line.split(separator: " ").map(String.init) + more
  let result =
    ranks == 1
    ? try MPIRun.runAlone("lockstep", arguments, environment: environment, timeoutSeconds: timeoutSeconds)
    : try MPIRun.run(
      ranks: ranks, "lockstep", arguments, environment: environment, timeoutSeconds: timeoutSeconds)
  let name = "lockstep \(arguments.joined(separator: " ")) on \(ranks) ranks, expecting \(code)"
  #expect(result.code == code, "\(name): \(result.summary)", sourceLocation: sourceLocation)
  #expect(!result.errors.contains("still allocated"), "\(name): \(result.summary)", sourceLocation: sourceLocation)
  return result
}

/// Expects `lockstep` to end with a code and to say all of these on standard error.
@discardableResult func refused(
  _ line: String, _ more: [String] = [], ranks: Int = 1, environment: [String: String] = [:], code: Int32,
  saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
) throws -> MPIRun.Result {
  let result = try lockstep(
    line, more, ranks: ranks, environment: environment, expecting: code, sourceLocation: sourceLocation)
  for word in words {
    #expect(
      result.errors.contains(word), "lockstep \(line): expected \"\(word)\" in: \(result.errors)",
      sourceLocation: sourceLocation)
  }
  return result
}

/// A file's bytes.
func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

/// A file's text.
func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

/// The names in a folder, sorted.
func names(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

/// Whether something is at a path.
func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// Flips one bit of a file, at `position` bytes from its start, or from its end where that is negative.
func flipBit(_ path: String, at position: Int) throws {
  var content = try bytes(path)
  content[position < 0 ? content.count + position : position] ^= 1
  try content.write(to: URL(fileURLWithPath: path))
}
