import ArrayFiles
import Foundation
import Testing

@Suite struct SafetensorsTests {
  private static let example = [
    NamedTensor(name: "b.weight", shape: [2, 3], elements: .float32([0, 0.25, 0.5, 0.75, 1, 1.25])),
    NamedTensor(name: "a.steps", shape: [], elements: .int64([7])),
    NamedTensor(name: "c", shape: [1], elements: .float64([0.1])),
    NamedTensor(name: "empty", shape: [0, 3], elements: .float32([])),
    NamedTensor(name: "a\"é", shape: [1], elements: .float32([1.5])),
  ]

  /// What safetensors 0.x for Python writes: `safetensors.numpy.save(tensors, metadata={"format": "pt"})`.
  private static let reference =
    #"{"__metadata__":{"format":"pt"},"a.steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
    + #""c":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"#
    + #""a\"é":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"#
    + #""b.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[20,44]},"#
    + #""empty":{"dtype":"F32","shape":[0,3],"data_offsets":[44,44]}}"#

  /// A file of a header, its length and data, right or wrong.
  static func bytes(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  @Test func bytesAreThoseOfTheReferenceImplementation() throws {
    let scratch = try AtomicScratch()
    try SafetensorsFile.write(Self.example, to: scratch.file("a"))
    let written = try AtomicFile.read(scratch.file("a"))
    var expected = Self.bytes(Self.reference, data: 44)
    let values: [UInt8] = [
      0x07, 0, 0, 0, 0, 0, 0, 0, 0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0,
      0, 0, 0x80, 0x3E, 0, 0, 0, 0x3F, 0, 0, 0x40, 0x3F, 0, 0, 0x80, 0x3F, 0, 0, 0xA0, 0x3F,
    ]
    expected.replaceSubrange((expected.count - 44)..., with: values)
    #expect(written == expected)
    #expect(written.count == 380)
  }

  @Test func tensorsComeBackBitForBit() throws {
    let scratch = try AtomicScratch()
    var tensors = Self.example
    tensors.append(
      NamedTensor(
        name: "odd", shape: [5],
        elements: .float32([-0.0, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1])))
    try SafetensorsFile.write(tensors, metadata: ["note": "tab\there"], to: scratch.file("a"))
    let file = try SafetensorsFile(path: scratch.file("a"))
    #expect(file.metadata == ["format": "pt", "note": "tab\there"])
    #expect(file.entries.map(\.name) == ["a.steps", "c", "a\"é", "b.weight", "empty", "odd"])
    for tensor in tensors { #expect(try file.tensor(tensor.name) == tensor, "\(tensor.name)") }
    let data = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.bytes.count) })
    #expect(data == ["a.steps": 8, "c": 8, "a\"é": 4, "b.weight": 24, "empty": 0, "odd": 20])
    #expect(throws: FileError.damaged(path: scratch.file("a"), reason: "has no tensor named d")) {
      try file.tensor("d")
    }
  }

  @Test func orderOfTheInputDoesNotMatter() throws {
    let scratch = try AtomicScratch()
    try SafetensorsFile.write(Self.example, metadata: ["b": "1", "a": "2"], to: scratch.file("a"))
    try SafetensorsFile.write(Self.example.reversed(), metadata: ["a": "2", "b": "1"], to: scratch.file("b"))
    #expect(try AtomicFile.read(scratch.file("a")) == AtomicFile.read(scratch.file("b")))
  }

  @Test func noTensorsAtAll() throws {
    let scratch = try AtomicScratch()
    try SafetensorsFile.write([], to: scratch.file("a"))
    let file = try SafetensorsFile(path: scratch.file("a"))
    #expect(file.entries.isEmpty)
    #expect(try AtomicFile.read(scratch.file("a")).count % 8 == 0)
  }

  @Test func otherTypesAreWidened() throws {
    let scratch = try AtomicScratch()
    let header =
      #"{"i":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"h":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"#
      + #" "u":{"dtype":"U8","shape":[1,2],"data_offsets":[12,14]}} "#
    var bytes = Self.bytes(header, data: 14)
    bytes.replaceSubrange(
      (bytes.count - 14)..., with: [255, 255, 255, 255, 255, 255, 255, 127, 0x80, 0x3F, 0x20, 0xC0, 0, 255])
    try AtomicFile.write(bytes, to: scratch.file("a"))
    let file = try SafetensorsFile(path: scratch.file("a"))
    #expect(try file.tensor("i").elements == .int64([-1, 2_147_483_647]))
    #expect(try file.tensor("h").elements == .float32([1, -2.5]))
    #expect(try file.tensor("u") == NamedTensor(name: "u", shape: [1, 2], elements: .int64([0, 255])))
    #expect(try file.tensors().map(\.name) == ["i", "h", "u"])
    #expect(try file.bytes(of: #require(file.entry("u"))) == [0, 255])
  }

  @Test func escapesAreRead() throws {
    let scratch = try AtomicScratch()
    let header = #"{"__metadata__":{"k":"\u00e9\ud83d\ude00\n\/\\"}}"#
    try AtomicFile.write(Self.bytes(header, data: 0), to: scratch.file("a"))
    #expect(try SafetensorsFile(path: scratch.file("a")).metadata == ["k": "é😀\n/\\"])
  }
}
