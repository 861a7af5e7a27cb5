import ArrayFiles
import Foundation

/// `RUN/trace`: `attempt-00000003/rank-0000.json`, …, each rank's part while an attempt goes on, and
/// `attempt-00000003.json`, all of them in one, when it has ended in order.
struct TraceFolder {
  /// The folder's path.
  let path: String

  init(run: String) { path = run + "/trace" }

  /// Where an attempt's parts are.
  func parts(ofAttempt name: String) -> String { "\(path)/attempt-\(name)" }
  /// Where an attempt's whole trace is.
  func whole(ofAttempt name: String) -> String { parts(ofAttempt: name) + ".json" }
  /// Where a rank's part is.
  func part(ofRank rank: Int, attempt name: String) -> String {
    let digits = "\(rank)"
    return parts(ofAttempt: name) + "/rank-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      + ".json"
  }

  /// The names of all attempts that have left a trace, ascending.
  var attempts: [String] {
    get throws {
      guard AtomicFile.isFolder(path) else { return [] }
      let names = try AtomicFile.names(inFolder: path).compactMap { name -> String? in
        let number = name.dropFirst("attempt-".count).prefix(8)
        guard name.hasPrefix("attempt-"), number.count == 8, number.allSatisfy(\.isNumber) else { return nil }
        return ["", ".json"].contains(name.dropFirst("attempt-".count + 8)) ? String(number) : nil
      }
      return Set(names).sorted()
    }
  }

  /// The parts that an attempt has left, in the order of ranks.
  func readParts(ofAttempt name: String) throws -> [TracePart] {
    let folder = parts(ofAttempt: name)
    let ranks = try AtomicFile.names(inFolder: folder).compactMap { name -> Int? in
      name.hasPrefix("rank-") && name.hasSuffix(".json") ? Int(name.dropFirst(5).dropLast(5)) : nil
    }.sorted()
    return try ranks.map { rank in
      let path = part(ofRank: rank, attempt: name)
      return try TracePart(AtomicFile.read(path, limit: 1 << 30), rank: rank, path: path)
    }
  }

  /// Takes away what a rank has written of an attempt, and the folders that are empty then.
  func removePart(ofRank rank: Int, attempt name: String) {
    unlink(part(ofRank: rank, attempt: name))
    // On another host than rank 0's there is nothing but these.
    for folder in [parts(ofAttempt: name), path, AtomicFile.folderName(of: path)] { rmdir(folder) }
  }
}
