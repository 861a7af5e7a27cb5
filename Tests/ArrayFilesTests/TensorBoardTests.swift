import ArrayFiles
import Testing

/// Records, histograms and pictures, against bytes that others write and against their own readers.
@Suite struct TensorBoardTests {
  @Test func checksumsAreCastagnolis() {
    // The check value of the polynomial, and two of RFC 3720, B.4.
    #expect(Array("123456789".utf8).withUnsafeBytes(CRC32C.checksum) == 0xE306_9283)
    #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes(CRC32C.checksum) == 0x8A91_36AA)
    #expect((0..<32).map { UInt8($0) }.withUnsafeBytes(CRC32C.checksum) == 0x46DD_794E)
  }

  @Test func theFirstRecordIsAsTensorFlowWritesIt() {
    var bytes: [UInt8] = []
    EventRecord.append(.version(seconds: 0), to: &bytes)
    // Length 24 and its masked checksum, with which every file of TensorFlow's begins.
    #expect(bytes.prefix(12) == [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    #expect(bytes.count == 12 + 24 + 4)
    #expect(Array(bytes[12..<36]) == [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x1A, 13] + Array("brain.Event:2".utf8))
  }

  @Test func histogramsCountEveryFiniteValue() throws {
    let values: [Float] = [-1, 0, 0.5, 3, .nan, .infinity, 3]
    let histogram = try #require(values.withUnsafeBufferPointer { TensorBoardHistogram($0, factor: 2, ranges: 4) })
    #expect(histogram.least == -2 && histogram.greatest == 6 && histogram.count == 5)
    #expect(histogram.limits == [0, 2, 4, 6] && histogram.counts == [1, 2, 0, 2], "\(histogram)")
    #expect(histogram.sum == 11 && histogram.squareSum == 77, "\(histogram)")
    let equal = try #require([Float](repeating: 7, count: 3).withUnsafeBufferPointer { TensorBoardHistogram($0) })
    #expect(equal.limits == [7] && equal.counts == [3])
    #expect([Float.nan].withUnsafeBufferPointer { TensorBoardHistogram($0) } == nil)
  }

  /// Runs of every length around the codes' edges, and repetitions at every kind of distance.
  @Test(arguments: [[1], [3, 100], [1, 5000, 32768]]) func whatIsDeflatedInflates(distances: [Int]) throws {
    var bytes: [UInt8] = []
    for length in [1, 2, 3, 4, 10, 11, 12, 18, 19, 34, 35, 66, 67, 130, 131, 257, 258, 259, 600] {
      bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: 7 * length), count: length)
      bytes += (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
    }
    bytes += bytes + [UInt8](repeating: 200, count: 40_000) + bytes
    let stream = Deflate.stream(bytes, repeatingAt: distances)
    #expect(try inflated(stream, count: bytes.count) == bytes)
    #expect(Deflate.stream([], repeatingAt: [1]).count == 2)
  }

  @Test func aPictureIsAPNG() throws {
    let (width, height) = (300, 70)
    let pixels = (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 / (3 * 25) % 4 * 60) }
    let image = PNGImage(width: width, height: height, pixels: pixels)
    var rest = image.bytes[8...]
    #expect(Array(image.bytes[1..<4]) == Array("PNG".utf8))
    var chunks: [(type: String, content: [UInt8])] = []
    while !rest.isEmpty {
      let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      let checked = Array(rest.dropFirst(4).prefix(length + 4))
      var checksum = CRC32()
      checked.withUnsafeBytes { checksum.update($0) }
      #expect(rest.dropFirst(length + 8).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } == checksum.value)
      chunks.append((String(decoding: checked.prefix(4), as: UTF8.self), Array(checked.dropFirst(4))))
      rest = rest.dropFirst(length + 12)
    }
    #expect(chunks.map(\.type) == ["IHDR", "IDAT", "IEND"])
    #expect(chunks[0].content == [0, 0, 1, 44, 0, 0, 0, 70, 8, 2, 0, 0, 0])
    let rows = try inflated(Array(chunks[1].content.dropFirst(2)), count: height * (3 * width + 1))
    for row in 0..<height {
      let start = row * (3 * width + 1)
      #expect(rows[start] == 0)
      #expect(rows[(start + 1)...].prefix(3 * width) == pixels[(row * 3 * width)...].prefix(3 * width))
    }
    #expect(image.bytes.count < pixels.count / 15)
  }

  private func inflated(_ stream: [UInt8], count: Int) throws -> [UInt8] {
    try stream.withUnsafeBytes { input in
      var inflate = Inflate(input, name: "stream")
      var bytes = [UInt8](repeating: 0, count: count + 1)
      let written = try bytes.withUnsafeMutableBytes { try inflate.read(into: $0) }
      #expect(written == count)
      return Array(bytes.prefix(written))
    }
  }
}
