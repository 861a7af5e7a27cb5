import ArrayFiles
import Foundation
import Testing

/// Every way in which a safetensors file can be wrong has its sentence, and none its crash.
@Suite struct SafetensorsDamageTests {
  private func reason(_ bytes: [UInt8]) throws -> String {
    let scratch = try AtomicScratch()
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("a")))
    do throws(FileError) {
      _ = try SafetensorsFile(path: scratch.file("a"))
      return "accepted"
    } catch {
      guard case .damaged(_, let reason) = error else { return "\(error)" }
      return reason
    }
  }

  private func tensor(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test(arguments: [
    (0 as UInt64, "header: does not begin with {"),
    (100_000_001, "its header would be 100000001 bytes long; the most is 100000000"),
    (1 << 63, "its header would be 9223372036854775808 bytes long; the most is 100000000"),
    (UInt64.max, "its header would be 18446744073709551615 bytes long; the most is 100000000"),
    (1_000, "its header would end at byte 1008, but the file holds 14"),
    (3, "header: byte 11: expected the end of a text, found its end"),
  ])
  func headerLengths(length: UInt64, expected: String) throws {
    #expect(try reason(SafetensorsTests.bytes(#"{"a":1"#, data: 0, length: length)) == expected)
  }

  @Test func tooShortForALength() throws {
    #expect(try reason([]) == "holds 0 bytes; a safetensors file begins with 8 for its header's length")
    #expect(
      try reason([1, 0, 0, 0, 0, 0, 0])
        == "holds 7 bytes; a safetensors file begins with 8 for its header's length")
  }

  @Test func offsets() throws {
    let cases = [
      (
        tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[1]", "[4,8]"), 8,
        "tensor b: its bytes begin at 4, those before end at 8: an overlap"
      ),
      (
        tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("b", "F32", "[1]", "[0,4]"), 4,
        "tensor b: its bytes begin at 0, those before end at 4: an overlap"
      ),
      (
        tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("b", "F32", "[1]", "[8,12]"), 12,
        "tensor b: its bytes begin at 8, those before end at 4: a hole"
      ),
      (tensor("a", "F32", "[1]", "[4,8]"), 8, "tensor a: its bytes begin at 4, those before end at 0: a hole"),
      (tensor("a", "F32", "[1]", "[4,0]"), 8, "tensor a: its bytes end at 0, before they begin"),
      (tensor("a", "F32", "[3]", "[0,8]"), 8, "tensor a: shape [3] of F32 needs 12 bytes, its offsets give 8"),
      (tensor("a", "F32", "[2]", "[0,8]"), 7, "tensor a: its bytes end at 8, but the file holds 7 after the header"),
      (tensor("a", "F32", "[2]", "[0,8]"), 9, "the tensors end at byte 8, but the file holds 9 after the header"),
      (
        tensor("a", "F32", "[4611686018427387904]", "[0,0]"), 0,
        "tensor a: its shape [4611686018427387904] has more bytes than can be counted"
      ),
      (
        tensor("a", "F32", "[4294967296,4294967296]", "[0,0]"), 0,
        "tensor a: its shape [4294967296, 4294967296] has more bytes than can be counted"
      ),
      (tensor("a", "F32", "[1]", "[0,4,8]"), 4, "byte 60: expected at most 2 numbers, found 8"),
      (tensor("a", "F32", "[1]", "[0]"), 4, "tensor a: needs dtype, shape and two data_offsets"),
      (tensor("a", "F8", "[1]", "[0,1]"), 1, "tensor a: its type is F8; known are F64, F32, BF16, I64, I32, U8"),
    ]
    for (header, data, expected) in cases {
      let found = try reason(SafetensorsTests.bytes("{\(header)}", data: data))
      #expect(found == "header: " + expected, "\(header)")
    }
  }

  @Test func notTheJSONOfAHeader() throws {
    let good = tensor("a", "F32", "[1]", "[0,4]")
    let cases = [
      ("{\(good),\(good)}", "a stands there twice"),
      (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "tensor a: dtype stands there twice"),
      (#"{"__metadata__":{"a":"1","a":"2"}}"#, "__metadata__: a stands there twice"),
      (#"{"__metadata__":{"a":1}}"#, "byte 29: expected \", found 1"),
      ("{\(tensor("a", "F32", "[1.0]", "[0,4]"))}", "byte 38: expected ], found ."),
      ("{\(tensor("a", "F32", "[1e0]", "[0,4]"))}", "byte 38: expected ], found e"),
      ("{\(tensor("a", "F32", "[-1]", "[0,4]"))}", "byte 37: expected a whole number, found -"),
      ("{\(tensor("a", "F32", "[01]", "[0,4]"))}", "byte 37: expected a whole number, found 0"),
      ("{\(tensor("a", "F32", "[99999999999999999999]", "[0,4]"))}", "byte 37: a number that is too large"),
      ("{\(tensor("a", "F32", "[[1]]", "[0,4]"))}", "byte 37: expected a whole number, found ["),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#, "tensor a: unknown key more"),
      ("{\(good)", "byte 61: expected }, found its end"),
      ("{\(good)}x", "byte 62: expected nothing more, found x"),
      ("{\(good),}", "byte 62: expected \", found }"),
      (" {\(good)}", "does not begin with {"),
      ("[]", "does not begin with {"),
      (#"{"\ud83d":{}}"#, "byte 16: half of a surrogate pair"),
      (#"{"\x":{}}"#, "byte 11: expected an escape, found x"),
      (#"{"\u12g4":{}}"#, "byte 12: expected four hexadecimal digits, found 1"),
      ("{\"a\nb\":{}}", "byte 12: a control character within a text"),
      ("{\"" + String(repeating: "n", count: 4097) + "\":{}}", "a name of more than 4096 bytes"),
    ]
    for (header, expected) in cases {
      let found = try reason(SafetensorsTests.bytes(header, data: 4))
      #expect(found == "header: " + expected, "\(header.prefix(80))")
    }
    let broken = SafetensorsTests.bytes("{\"", data: 0) + [0xFF, 0x22, 0x7D]
    #expect(try reason([5] + broken.dropFirst()) == "header: byte 12: a text that is not UTF-8")
  }

  @Test func everyTruncationAndManyFlipsAreRefusedOrHarmless() throws {
    let scratch = try AtomicScratch()
    let tensors = [
      NamedTensor(name: "a", shape: [2, 2], elements: .float32([1, 2, 3, 4])),
      NamedTensor(name: "b", shape: [], elements: .int64([9])),
    ]
    try SafetensorsFile.write(tensors, to: scratch.file("good"))
    let good = try AtomicFile.read(scratch.file("good"))
    for length in 0..<good.count {
      #expect(try reason(Array(good.prefix(length))) != "accepted", "truncated to \(length) of \(good.count)")
    }
    // A flip in a name or in the data cannot be known here; whatever is accepted must still read without a crash.
    for position in good.indices {
      var bytes = good
      bytes[position] ^= 1 << (position % 8)
      try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("flipped")))
      if let file = try? SafetensorsFile(path: scratch.file("flipped")) {
        #expect(try file.tensors().map(\.elements.count).reduce(0, +) == 5, "byte \(position)")
      }
    }
  }

  @Test func aFolderIsNoFile() throws {
    let scratch = try AtomicScratch()
    #expect(throws: FileError.damaged(path: scratch.path, reason: "is not a regular file")) {
      try SafetensorsFile(path: scratch.path)
    }
    #expect(throws: FileError.missing(path: scratch.file("none"), advice: "check the path")) {
      try SafetensorsFile(path: scratch.file("none"))
    }
  }
}
