import ArrayFiles
import Foundation
import Testing

/// The examples of FIPS 180-4 and what a file digest must not depend on.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func standardExamples(text: String, digest: String) {
    #expect(Checksum.sha256(Array(text.utf8)) == digest)
  }

  @Test func piecesDoNotMatter() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var stream = Checksum.Stream()
    var start = 0
    for length in [1, 63, 64, 65, 127, 1_000, 8_680] {
      bytes[start..<start + length].withUnsafeBytes { stream.update($0) }
      start += length
    }
    #expect(start == bytes.count)
    #expect(stream.finalize() == Checksum.sha256(bytes))
  }

  @Test func aFileLargerThanOnePiece() throws {
    let path = NSTemporaryDirectory() + "sha256-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = [UInt8](repeating: 7, count: (1 << 20) + 12_345)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(try Checksum.sha256(ofFile: path) == Checksum.sha256(bytes))
  }

  @Test func anAbsentFileIsMissing() {
    #expect(throws: FileError.missing(path: "/no/such/file", advice: "check the path")) {
      try Checksum.sha256(ofFile: "/no/such/file")
    }
  }
}
