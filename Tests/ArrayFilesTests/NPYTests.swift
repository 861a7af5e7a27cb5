import ArrayFiles
import Foundation
import Testing

/// A path that is free, and is freed again when the test ends.
final class ScratchFile {
  let path = NSTemporaryDirectory() + "array-files-" + UUID().uuidString

  init(_ bytes: [UInt8]? = nil) throws {
    if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var bytes: [UInt8] { get throws { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) } }
}

/// The bytes of an `.npy` file with this header text.
func npy(_ header: String, version: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
  let length = header.utf8.count
  let size = [UInt8(length & 255), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0])
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data
}

func fileError(_ body: () throws -> Void) -> FileError? {
  do { try body() } catch { return error as? FileError }
  return nil
}

@Suite struct NPYTests {
  @Test(arguments: [UInt8(1), 2, 3])
  func headersOfEveryVersionAreRead(version: UInt8) throws {
    let bytes = npy(
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n", version: version, data: Array(0..<12))
    let file = try NPYFile(content: bytes, name: "x")
    #expect(file.element == .int16 && file.shape == [2, 3])
    #expect(file.value(at: 5, as: Int16.self) == 0x0B0A)
    #expect(file.integers() == [0x0100, 0x0302, 0x0504, 0x0706, 0x0908, 0x0B0A])
  }

  @Test func shapesOfNoneAndOneExtent() throws {
    let header = "{\"shape\":(),\"fortran_order\":True,\"descr\":\"|u1\"}"
    #expect(try NPYFile(content: npy(header, data: [7]), name: "x").integers() == [7])
    let vector = "{'descr': '|b1', 'fortran_order': False, 'shape': (0,)}"
    #expect(try NPYFile(content: npy(vector), name: "x").integers() == [])
  }

  @Test(arguments: [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "Python objects"),
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "big-endian"),
    ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "is not read"),
    ("{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", "is not read"),
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}", "Fortran order"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "needs 8 bytes of data, but 4 are there; it is cut off"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", "needs 0 bytes of data, but 4 are there"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "too large"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "not a dictionary"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "not a dictionary"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "not a dictionary"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "not a dictionary"),
    ("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}", "not a dictionary"),
    ("{'descr': '<f4', 'fortran_order': False}", "not a dictionary"),
    ("{'descr': '<f4", "not a dictionary"), ("", "not a dictionary"), ("{}x", "not a dictionary"),
    ("{" + String(repeating: " ", count: 10_001), "the most that is read"),
  ])
  func badHeadersAreRefused(header: String, reason: String) throws {
    let error = fileError { _ = try NPYFile(content: npy(header, data: [0, 0, 0, 0]), name: "x.npy") }
    let sentence = error?.description ?? "no error"
    #expect(sentence.hasPrefix("x.npy: ") && sentence.contains(reason), "\(sentence)")
  }

  @Test func everyPrefixAndManyChangesAreErrorsOrArrays() throws {
    let whole = npy(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", data: Array(repeating: 1, count: 8))
    for length in 0..<whole.count {
      #expect(fileError { _ = try NPYFile(content: Array(whole[..<length]), name: "x") } != nil, "prefix of \(length)")
    }
    for position in 0..<whole.count {
      for byte in [0, 0x20, 0x27, 0x29, 0x39, 0xFF] as [UInt8] {
        var changed = whole
        changed[position] = byte
        _ = fileError { _ = try NPYFile(content: changed, name: "x") }
      }
    }
  }

  @Test func whatIsWrittenIsNumPysOwnForm() throws {
    let scratch = try ScratchFile()
    let writer = try NPYWriter(at: scratch.path, element: .int32, rowShape: [2])
    #expect(fileError { _ = try NPYFile(at: scratch.path) } != nil)  // nothing is flushed yet: cut off
    try writer.append([Int32(1), 2, 3])
    try writer.append([Int32(4)])
    #expect(writer.rows == 2)
    try writer.close()
    let bytes = try scratch.bytes
    #expect(bytes.count == 128 + 16)
    #expect(bytes[..<10].elementsEqual([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0]))
    let text = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(text.hasPrefix("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }  "))
    #expect(text.hasSuffix(" \n"))
    #expect(try NPYFile(at: scratch.path).integers() == [1, 2, 3, 4])
    #expect(
      fileError { _ = try NPYWriter(at: scratch.path, element: .uint8) }
        == .inputOutput(path: scratch.path, operation: "create", code: EEXIST))
  }

  @Test func moreThanTheBufferIsWritten() throws {
    let scratch = try ScratchFile()
    let values = (0..<100_001).map { Double($0) }
    let writer = try NPYWriter(at: scratch.path, element: .float64)
    try writer.append(values)
    try writer.append(values)
    try writer.close(synchronised: false)
    let file = try NPYFile(at: scratch.path)
    #expect(file.shape == [200_002])
    for index in [0, 32_767, 32_768, 100_000, 100_001, 200_001] {
      #expect(file.value(at: index, as: Double.self) == Double(index % 100_001), "element \(index)")
    }
  }
}
