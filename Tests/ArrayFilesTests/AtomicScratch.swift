import ArrayFiles
import Foundation

/// A folder of a test's own, removed when the test lets go of it.
final class AtomicScratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "array-files-" + UUID().uuidString
    try AtomicFile.createFolder(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] { (try? AtomicFile.names(inFolder: path)) ?? [] }
}
