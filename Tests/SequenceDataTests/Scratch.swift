import ArrayFiles
import Foundation
import SequenceData

/// A folder that lives as long as a test.
final class Scratch {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "sequence-data-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a text, making the folders above it.
  func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  /// Writes bytes, making the folders above them.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let url = URL(fileURLWithPath: file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  /// Replaces an array of a data set.
  func replace<T: BitwiseCopyable>(_ name: String, _ element: NPYElement, _ values: [T], row: [Int] = []) throws {
    try? FileManager.default.removeItem(atPath: file(name))
    let writer = try NPYWriter(at: file(name), element: element, rowShape: row)
    try writer.append(values)
    try writer.close()
  }
}

extension SequenceDataset {
  /// A sequence's values as an array.
  func array(_ id: Int) throws -> [Float] {
    var values = [Float](repeating: -1, count: length(of: id) * features)
    try values.withUnsafeMutableBufferPointer { try copyValues(of: id, into: $0) }
    return values
  }
}

/// The error that `body` throws, as a data error.
func dataError(_ body: () throws -> Void) -> DataError? {
  do { try body() } catch { return error as? DataError }
  return nil
}
