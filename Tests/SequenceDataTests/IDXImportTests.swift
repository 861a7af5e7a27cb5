import Foundation
import SequenceData
import Testing

/// The bytes of an IDX array: type, extents, elements as they are.
private func array(_ type: UInt8, _ extents: [UInt32], _ elements: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = [0, 0, type, UInt8(extents.count)]
  for extent in extents { withUnsafeBytes(of: extent.bigEndian) { bytes += $0 } }
  return bytes + elements
}

private func big<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  var bytes: [UInt8] = []
  for value in values { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
  return bytes
}

@Suite struct IDXImportTests {
  private let images = array(8, [3, 2, 3], [0, 255, 51] + (1..<16).map { UInt8($0) })

  @Test func rowsOrValuesAreTimesteps() throws {
    let importing = Importing()
    let source = try importing.scratch.write(images, to: "x.idx")
    let rows = try importing.run(.idx, source)
    #expect(rows.count == 3 && rows.features == 3 && rows.length(of: 0) == 2 && rows.classes.isEmpty)
    #expect(try rows.array(0) == [0, 1, 0.2, 1 / 255, 2 / 255, 3 / 255])
    let single = Importing()
    let values = try single.run(.idx, source) {
      $0.idx.timestep = .value
      $0.idx.isRaw = true
    }
    #expect(values.features == 1 && values.length(of: 2) == 6)
    #expect(try values.array(0) == [0, 255, 51, 1, 2, 3])
    let third = Importing()
    let categories = try third.run(.idx, source) { $0.categories = 256 }
    #expect(try categories.array(2) == [10, 11, 12, 13, 14, 15])
  }

  @Test func everyTypeIsBigEndian() throws {
    let cases: [(UInt8, [UInt8], [Float])] = [
      (0x09, [255, 128, 1], [-1, -128, 1]), (0x0B, big([Int16(-2), 300, 0]), [-2, 300, 0]),
      (0x0C, big([Int32(-70_000), 1, 2]), [-70_000, 1, 2]),
      (0x0D, big([Float(1.5), -2, 0].map(\.bitPattern)), [1.5, -2, 0]),
      (0x0E, big([1.5, -2e10, 0].map(\.bitPattern)), [1.5, -2e10, 0]),
    ]
    for (type, bytes, expected) in cases {
      let importing = Importing()
      let data = try importing.run(.idx, try importing.scratch.write(array(type, [1, 3], bytes), to: "x"))
      #expect(try data.array(0) == expected && data.length(of: 0) == 3, "type \(type)")
    }
  }

  /// More than one piece of a mapped file, whose ends cut elements in two.
  @Test func elementsMayLieAcrossPieces() throws {
    let count = 300_001
    let values = (0..<count).map { Int32($0) }
    let importing = Importing()
    let data = try importing.run(
      .idx, try importing.scratch.write(array(12, [1, UInt32(count), 1], big(values)), to: "x"))
    #expect(try data.array(0) == values.map { Float($0) })
  }

  @Test func labelsAreBesideOrNamed() throws {
    let importing = Importing()
    let source = try importing.scratch.write(images, to: "train-images-idx3-ubyte")
    try importing.scratch.write(array(8, [3], [10, 9, 10]), to: "train-labels-idx1-ubyte")
    let other = try importing.scratch.write(array(9, [3], [0, 255, 1]), to: "other")
    let data = try importing.run(.idx, source) {
      $0.testSource = source
      $0.idx.testLabels = other
    }
    #expect(data.labelNames == ["10", "9", "10", "0", "-", "1"] && data.classes == ["0", "1", "9", "10"])
    #expect((0..<6).map(data.split) == [.train, .train, .train, .test, .test, .test])
    let folder = dataError { _ = try Importing().run(.idx, importing.scratch.path) { $0.idx.labels = other } }
    #expect(folder?.exitCode == 64 && folder?.description.contains("labels belong to one file") == true)
  }

  @Test func damagedArraysAreRefused() throws {
    func sentence(_ bytes: [UInt8], labels: [UInt8]? = nil) throws -> String {
      let importing = Importing()
      let source = try importing.scratch.write(bytes, to: "x.idx")
      let file = try labels.map { try importing.scratch.write($0, to: "y.idx") }
      let error = dataError { _ = try importing.run(.idx, source) { $0.idx.labels = file } }
      #expect(error == nil || error?.exitCode == 65)
      return error?.description ?? "no error"
    }
    #expect(try sentence([]).contains("the header is cut off"))
    #expect(try sentence(Array("P5 28 28 255".utf8)).contains("no IDX array: it begins with the bytes [80, 53"))
    #expect(try sentence([0, 0, 7, 1]).contains("no IDX array"))
    #expect(try sentence([0, 0, 8, 0]).contains("no IDX array"))
    #expect(try sentence(array(8, [2], [1, 2])).contains("its shape is [2]; expected [n, timesteps, …]"))
    #expect(try sentence(array(8, [1, 0, 3], [])).contains("in which there is nothing"))
    #expect(try sentence(array(8, [1, .max, .max, .max], [])).contains("more than 16777216 elements"))
    #expect(try sentence(array(8, [.max, 4, 1], [1])).contains("cut off"))
    #expect(try sentence(images + [0]).contains("goes on behind"))
    #expect(try sentence(array(13, [1, 1], [0x7F, 0xC0, 0, 0])).contains("the value is nan"))
    #expect(
      try sentence(images, labels: array(8, [2], [1, 2])).contains(
        "y.idx: its shape is [2]; expected integers of shape [3]"))
    #expect(try sentence(images, labels: array(13, [3], Array(repeating: 0, count: 12))).contains("expected integers"))
    #expect(
      try sentence(images, labels: array(12, [3], big([Int32(1), .max, 0]))).contains("label 1 is no class's number"))
    #expect(try sentence(images, labels: array(8, [3], [1, 2, 3, 4])).contains("goes on behind"))
    for length in 0..<images.count { #expect(try sentence(Array(images[..<length])) != "no error", "prefix \(length)") }
  }
}
