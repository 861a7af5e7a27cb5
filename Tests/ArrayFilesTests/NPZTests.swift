import ArrayFiles
import Foundation
import Testing

/// A zip as `zipfile` writes it: members of (name, content), stored, or with given deflated bytes.
struct ZipBuilder {
  var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var count = 0

  static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  mutating func add(
    _ name: String, _ content: [UInt8], deflated: [UInt8]? = nil, size: UInt32? = nil, flags: UInt16 = 0
  ) {
    var checksum = CRC32()
    content.withUnsafeBytes { checksum.update($0) }
    let data = deflated ?? content
    var common = ZipBuilder.little(UInt16(20)) + ZipBuilder.little(flags)
    common += ZipBuilder.little(UInt16(deflated == nil ? 0 : 8)) + [0, 0, 0, 0] + ZipBuilder.little(checksum.value)
    common += ZipBuilder.little(UInt32(data.count)) + ZipBuilder.little(size ?? UInt32(content.count))
    common += ZipBuilder.little(UInt16(name.utf8.count)) + [0, 0]
    directory += [0x50, 0x4B, 1, 2, 20, 0] + common + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    directory += ZipBuilder.little(UInt32(bytes.count)) + Array(name.utf8)
    bytes += [0x50, 0x4B, 3, 4] + common + Array(name.utf8) + data
    count += 1
  }

  func finished(claiming members: UInt16? = nil) -> [UInt8] {
    let count = members ?? UInt16(count)
    return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + ZipBuilder.little(count) + ZipBuilder.little(count)
      + ZipBuilder.little(UInt32(directory.count)) + ZipBuilder.little(UInt32(bytes.count)) + [0, 0]
  }
}

/// What the streams below decompress to.
private let text = Array(
  String(repeating: "lockstep lockstep lockstep: the same bits on any number of ranks, no padding anywhere. ", count: 3)
    .utf8)

/// Made by Python: `zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)`, with `Z_FIXED`, with the default strategy.
private let streams: [[UInt8]] = [
  [
    203, 201, 79, 206, 46, 46, 73, 45, 80, 200, 65, 103, 88, 41, 148, 100, 164, 42, 20, 39, 230, 166, 42, 36, 101,
    150, 20, 43, 228, 231, 41, 36, 230, 85, 42, 228, 149, 230, 38, 165, 22, 41, 228, 167, 41, 20, 37, 230, 101, 23,
    235, 40, 228, 229, 43, 20, 36, 166, 164, 100, 230, 165, 131, 228, 203, 51, 82, 139, 82, 245, 48, 77, 27, 212,
    198, 2, 0,
  ],
  [
    205, 204, 209, 9, 128, 48, 12, 69, 209, 85, 222, 0, 226, 0, 110, 147, 218, 104, 75, 219, 164, 36, 21, 113, 123,
    241, 87, 23, 240, 239, 194, 133, 83, 117, 45, 62, 184, 163, 190, 99, 193, 72, 12, 167, 198, 8, 121, 56, 84, 64,
    114, 65, 142, 22, 216, 160, 27, 140, 164, 248, 4, 81, 116, 138, 49, 203, 254, 252, 51, 177, 241, 252, 213, 126,
    205, 222,
  ],
]

/// Made by NumPy 2.4: `savez_compressed(values=arange(12).reshape(6, 2) / 4, offsets=[0, 1, 4, 6], labels=int32([2, -1,
/// 0]))`.
private let archive =
  "UEsDBC0AAAAIAAAAIQDf82Ua//////////8KABQAdmFsdWVzLm5weQEAEADgAAAAAAAAAGgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWg"
  + "bpNmoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaZjoKRpo6CrUKZAMuBhRwwR5CP4DSL6D0Byj9BUr/gNJ/oDSDA4RigtIsUJrN"
  + "AQBQSwMELQAAAAgAAAAhAEOkq8r//////////wsAFABvZmZzZXRzLm5weQEAEACgAAAAAAAAAE8AAAAAAAAAm+wX6hsQychQxlCtnpJanFyk"
  + "bqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJjqaOgq1ChQALgYoYITSLFCaDUoDAFBLAwQtAAAACAAAACEAHpr4uf//"
  + "////////CgAUAGxhYmVscy5ucHkBABAAjAAAAAAAAABNAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6Cell9UUpSYF59flJIK"
  + "EndLzClOBYoXZyQWpAL5GsY6mjoKtQoUAC4mBgaG/0AApBgAUEsBAi0DLQAAAAgAAAAhAN/zZRpoAAAA4AAAAAoAAAAAAAAAAAAAAIABAAAA"
  + "AHZhbHVlcy5ucHlQSwECLQMtAAAACAAAACEAQ6Sryk8AAACgAAAACwAAAAAAAAAAAAAAgAGkAAAAb2Zmc2V0cy5ucHlQSwECLQMtAAAACAAA"
  + "ACEAHpr4uU0AAACMAAAACgAAAAAAAAAAAAAAgAEwAQAAbGFiZWxzLm5weVBLBQYAAAAAAwADAKkAAAC5AQAAAAA="

@Suite struct InflateTests {
  /// Everything that comes out, in pieces of an odd size, but at most 4 MiB.
  private func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
    try bytes.withUnsafeBytes { buffer in
      var inflate = Inflate(buffer, name: "x")
      var output: [UInt8] = []
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 777, alignment: 1)
      defer { piece.deallocate() }
      while output.count < 1 << 22 {
        let count = try inflate.read(into: piece)
        if count == 0 { break }
        output += piece[..<count]
      }
      return output
    }
  }

  @Test func blocksOfEveryKindAreRead() throws {
    #expect(try inflate(streams[0]) == text)
    #expect(try inflate(streams[1]) == text)
    #expect(try inflate([1, 3, 0, 252, 255, 97, 98, 99]) == Array("abc".utf8))
    let zeros: [UInt8] =
      [237, 193, 1, 13, 0, 0, 0, 194, 160, 247, 79, 109, 15, 7, 20] + Array(repeating: 0, count: 290) + [252, 24]
    #expect(try inflate(zeros) == Array(repeating: 0, count: 300_000))
  }

  @Test func damagedStreamsAreErrorsOrOutput() throws {
    for stream in streams {
      for length in 0..<stream.count {
        #expect(fileError { _ = try inflate(Array(stream[..<length])) } != nil, "prefix of \(length)")
      }
      for position in 0..<stream.count {
        for bit in 0..<8 {
          var changed = stream
          changed[position] ^= 1 << bit
          _ = fileError { _ = try inflate(changed) }
        }
      }
    }
    #expect(fileError { _ = try inflate([7]) }?.description.contains("unknown kind") == true)
    #expect(fileError { _ = try inflate([1, 3, 0, 0, 0]) }?.description.contains("uncertain length") == true)
  }

  @Test func checksumsAreThoseOfZip() {
    var checksum = CRC32()
    Array("123456789".utf8).withUnsafeBytes { checksum.update($0) }
    #expect(checksum.value == 0xCBF4_3926)
  }
}

@Suite struct NPZTests {
  private let row = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", data: [9, 8, 7, 6])

  private func open(_ bytes: [UInt8], _ change: (inout NPZFile.Limits) -> Void = { _ in }) throws -> NPZFile {
    let scratch = try ScratchFile(bytes)
    var limits = NPZFile.Limits()
    change(&limits)
    return try NPZFile(at: scratch.path, limits: limits)
  }

  @Test func whatNumPyDeflatesIsRead() throws {
    let file = try open([UInt8](Data(base64Encoded: archive)!))
    #expect(file.names == ["values", "offsets", "labels"])
    #expect(try file.array("offsets").integers() == [0, 1, 4, 6])
    #expect(try file.array("labels").integers() == [2, -1, 0])
    let values = try file.array("values")
    #expect(values.shape == [6, 2])
    #expect((0..<12).map { values.value(at: $0, as: Double.self) } == (0..<12).map { Double($0) / 4 })
    let stream = try file.stream("values")
    var piece = [Double](repeating: 0, count: 5)
    var all: [Double] = []
    while true {
      let count = try stream.read(into: &piece)
      if count == 0 { break }
      all += piece[..<count]
    }
    #expect(all == (0..<12).map { Double($0) / 4 })
  }

  @Test func storedMembersAreRead() throws {
    var zip = ZipBuilder()
    zip.add("a.npy", row)
    zip.add("readme.txt", [1, 2])
    let file = try open(zip.finished())
    #expect(file.names == ["a"])
    #expect(try file.array("a").integers() == [9, 8, 7, 6])
    #expect(fileError { _ = try file.array("b") }?.description.contains("the archive holds a") == true)
  }

  @Test func hostileArchivesAreRefused() throws {
    func sentence(_ build: (inout ZipBuilder) -> Void, members: UInt16? = nil) -> String {
      var zip = ZipBuilder()
      build(&zip)
      let bytes = zip.finished(claiming: members)
      let error = fileError {
        let file = try open(bytes) { $0.members = 1000 }
        for name in file.names { _ = try file.array(name) }
      }
      return error?.description ?? "no error"
    }
    #expect(sentence { $0.add("../a.npy", row) }.contains("no plain file name"))
    #expect(sentence { $0.add("", row) }.contains("no plain file name"))
    #expect(sentence { $0.add(String(repeating: "a", count: 2000), row) }.contains("longer than 1024"))
    #expect(sentence({ $0.add("a.npy", row) }, members: 50_000).contains("claims 50000 members"))
    #expect(sentence({ $0.add("a.npy", row) }, members: 2).contains("damaged"))
    #expect(sentence { $0.add("a.npy", row, flags: 1) }.contains("encrypted"))
    #expect(sentence { $0.add("a.npy", row, size: 7) }.contains("sizes 7 and"))
    #expect(sentence { $0.add("a.npy", row, deflated: streams[0], size: 0xFFFF_FFF0) }.contains("claim to expand"))
    #expect(sentence { $0.add("a.npy", text, deflated: streams[0]) }.contains("the .npy header claims"))
    // Each might expand so far, both together may not.
    let wide = [UInt8](repeating: 0, count: 12_000)
    #expect(
      sentence {
        $0.add("a.npy", row, deflated: wide, size: 12_000_000)
        $0.add("b.npy", row, deflated: wide, size: 12_000_000)
      }.contains("expand to more than 19"))
    #expect(
      sentence {
        $0.add("a.npy", row)
        $0.add("a.npy", row)
      }.contains("two members are named a.npy"))
    #expect(
      sentence {
        $0.add("a.npy", row)
        $0.bytes[$0.bytes.count - 1] ^= 1
      }.contains("checksum is wrong"))
    #expect(fileError { _ = try open([]) }?.description.contains("not an .npz file") == true)
  }

  @Test func everyPrefixAndManyChangesAreErrorsOrArrays() throws {
    let whole = [UInt8](Data(base64Encoded: archive)!)
    func read(_ bytes: [UInt8]) throws {
      let file = try open(bytes)
      for name in file.names { _ = try file.array(name) }
    }
    for length in stride(from: 0, to: whole.count, by: 7) {
      #expect(fileError { try read(Array(whole[..<length])) } != nil, "prefix of \(length)")
    }
    for position in 0..<whole.count {
      for byte in [0, 0x7F, 0xFF] as [UInt8] {
        var changed = whole
        changed[position] = byte
        _ = fileError { try read(changed) }
      }
    }
  }
}
