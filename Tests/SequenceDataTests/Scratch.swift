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

/// A zip of stored members, as `numpy.savez` writes it.
struct ZipBuilder {
  private var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var count: UInt16 = 0

  private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  mutating func add(_ name: String, _ content: [UInt8]) {
    var checksum = CRC32()
    content.withUnsafeBytes { checksum.update($0) }
    var common: [UInt8] = [20, 0, 0, 0, 0, 0, 0, 0, 0, 0] + ZipBuilder.little(checksum.value)
    common += ZipBuilder.little(UInt32(content.count)) + ZipBuilder.little(UInt32(content.count))
    common += ZipBuilder.little(UInt16(name.utf8.count)) + [0, 0]
    directory += [0x50, 0x4B, 1, 2, 20, 0] + common + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    directory += ZipBuilder.little(UInt32(bytes.count)) + Array(name.utf8)
    bytes += [0x50, 0x4B, 3, 4] + common + Array(name.utf8) + content
    count += 1
  }

  func finished() -> [UInt8] {
    bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + ZipBuilder.little(count) + ZipBuilder.little(count)
      + ZipBuilder.little(UInt32(directory.count)) + ZipBuilder.little(UInt32(bytes.count)) + [0, 0]
  }
}
