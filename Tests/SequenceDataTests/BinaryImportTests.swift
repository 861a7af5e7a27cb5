import ArrayFiles
import Foundation
import SequenceData
import Testing

/// The bytes of a RIFF/WAVE recording.
func wave(format: UInt16, channels: UInt16, bits: UInt16, samples: [UInt8], claiming size: Int? = nil) -> [UInt8] {
  func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  let frame = channels * bits / 8
  let head = little(format) + little(channels) + little(UInt32(8000)) + little(8000 * UInt32(frame))
  let chunk = Array("fmt ".utf8) + little(UInt32(16)) + head + little(frame) + little(bits)
  // A chunk of odd size stands between, as some recorders write it.
  let other = Array("LIST".utf8) + little(UInt32(3)) + [1, 2, 3, 0]
  let data = Array("data".utf8) + little(UInt32(size ?? samples.count)) + samples
  let body = Array("WAVE".utf8) + chunk + other + data
  return Array("RIFF".utf8) + little(UInt32(body.count)) + body
}

@Suite struct WAVImportTests {
  @Test func everyWidthIsScaledToOne() throws {
    let cases: [(UInt16, UInt16, [UInt8], [Float])] = [
      (1, 8, [0, 128, 255, 192], [-1, 0, 127 / 128, 0.5]),
      (1, 16, [0, 128, 0, 0, 255, 127, 0, 64], [-1, 0, 32767 / 32768, 0.5]),
      (1, 24, [0, 0, 128, 0, 0, 0, 255, 255, 127, 0, 0, 64], [-1, 0, 8_388_607 / 8_388_608, 0.5]),
      (1, 32, [0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 192], [-1, 0, 0.5, -0.5]),
      (3, 32, [0, 0, 128, 63, 0, 0, 0, 191, 0, 0, 0, 0, 0, 0, 0, 64], [1, -0.5, 0, 2]),
    ]
    for (format, bits, samples, expected) in cases {
      for channels in [1, 2] as [UInt16] {
        let importing = Importing()
        let bytes = wave(format: format, channels: channels, bits: bits, samples: samples)
        let data = try importing.run(.wav, try importing.scratch.write(bytes, to: "x.wav"))
        #expect(try data.array(0) == expected, "format \(format), \(bits) bits")
        #expect(data.features == Int(channels))
      }
    }
  }

  @Test func namesPatternsAndTablesSayWhatIsWhat() throws {
    let importing = Importing()
    let bytes = wave(format: 1, channels: 1, bits: 8, samples: [1, 2])
    for name in ["7_theo_10", "7_theo_2", "11_ann-marie_0"] { try importing.scratch.write(bytes, to: "in/\(name).WAV") }
    let folder = importing.scratch.file("in")
    let data = try importing.run(.wav, folder) {
      $0.naming.pattern = "{class}_{group}_{index}"
      $0.naming.testWhere = "index<5,group=theo"
    }
    #expect(data.labelNames == ["7", "7", "11"] && data.classes == ["7", "11"])
    #expect((0..<3).map(data.split) == [.test, .train, .train])
    #expect((0..<3).map(data.group) == [0, 0, 1])

    let tabled = Importing()
    let table = try tabled.scratch.write(
      "file,class,group,split\n7_theo_10.WAV,x,1,validation\n7_theo_2,\"y,z\",2,\n11_ann-marie_0.WAV,,,test\n",
      to: "table.csv")
    let second = try tabled.run(.wav, folder) { $0.naming.table = table }
    #expect(second.labelNames == ["y,z", "x", "-"])
    #expect((0..<3).map(second.split) == [.train, .validation, .test])
  }

  @Test func badNamingIsAUsageErrorOrNamesTheFile() throws {
    let importing = Importing()
    let source = try importing.scratch.write(wave(format: 1, channels: 1, bits: 8, samples: [1]), to: "a_1.wav")
    func error(_ change: (inout FileNaming) -> Void) -> DataError? {
      dataError { _ = try importing.run(.wav, source) { change(&$0.naming) } }
    }
    for pattern in ["{", "}", "{}", "{a}{b}", "{a}_{a}", "{a{b}"] {
      #expect(error { $0.pattern = pattern }?.exitCode == 64, "\(pattern)")
    }
    for condition in ["index", "other<5", "index<x", "<5", ""] {
      let found = error {
        $0.pattern = "{class}_{index}"
        $0.testWhere = condition
      }
      #expect(found?.exitCode == 64, "\(condition)")
    }
    #expect(error { $0.testWhere = "index<5" }?.exitCode == 64)
    #expect(error { $0.pattern = "{class}-{index}" }?.description.contains("does not fit the pattern") == true)
    #expect(
      error {
        $0.pattern = "{index}_{class}"
        $0.testWhere = "index<5"
      }?.description.contains("index is \"a\", which is no integer") == true)
  }

  @Test func damagedRecordingsAreRefused() throws {
    func sentence(_ bytes: [UInt8]) throws -> String {
      let importing = Importing()
      let source = try importing.scratch.write(bytes, to: "x.wav")
      return dataError { _ = try importing.run(.wav, source) }?.description ?? "no error"
    }
    #expect(try sentence([]).contains("not a WAVE recording"))
    #expect(try sentence(wave(format: 1, channels: 1, bits: 8, samples: [])).contains("the sequence is empty"))
    #expect(try sentence(wave(format: 1, channels: 0, bits: 8, samples: [1])).contains("its format is damaged"))
    #expect(
      try sentence(wave(format: 2, channels: 1, bits: 4, samples: [1])).contains("format 2 of 4 bits is not read"))
    #expect(try sentence(wave(format: 1, channels: 1, bits: 16, samples: [1])).contains("no whole frames"))
    #expect(
      try sentence(wave(format: 1, channels: 1, bits: 8, samples: [1], claiming: 0xFFFF_FFFF)).contains("it is cut off")
    )
    #expect(
      try sentence(wave(format: 3, channels: 1, bits: 32, samples: [0, 0, 192, 127])).contains("the value is nan"))
    let whole = wave(format: 1, channels: 2, bits: 16, samples: Array(0..<8))
    for length in 0..<whole.count { #expect(try sentence(Array(whole[..<length])) != "no error", "prefix \(length)") }
    for position in 0..<whole.count {
      for byte in [0xFF] as [UInt8] {
        var changed = whole
        changed[position] = byte
        _ = try sentence(changed)
      }
    }
  }
}

@Suite struct FASTQImportTests {
  @Test func qualitiesBecomeCategories() throws {
    let importing = Importing()
    let source = try importing.scratch.write("@1 x\nACG\nTA\n+1\n!\"#\n@%\n@2\nA\n+\n+\n", to: "x.fq")
    let data = try importing.run(.fastq, source)
    #expect(try (0..<2).map(data.array) == [[0, 1, 2, 31, 4], [10]])
    #expect(data.values == .categories(count: 32) && data.classes == [])
  }

  @Test func gzipOfSeveralMembersIsReadAndChecked() throws {
    // `gzip -n` of "@1\nAC\n+\n!\"\n" twice, one after the other.
    let member: [UInt8] = [
      0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 11, 0, 0xF4, 0xFF, 0x40, 0x31, 0x0A, 0x41, 0x43, 0x0A, 0x2B, 0x0A, 0x21,
      0x22,
      0x0A,
    ]
    var checksum = CRC32()
    Array("@1\nAC\n+\n!\"\n".utf8).withUnsafeBytes { checksum.update($0) }
    let whole = member + withUnsafeBytes(of: checksum.value.littleEndian) { Array($0) } + [11, 0, 0, 0]
    let importing = Importing()
    let data = try importing.run(.fastq, try importing.scratch.write(whole + whole, to: "x.fastq.gz"))
    #expect(data.count == 2)
    for length in 3..<whole.count {
      let cut = Importing()
      let source = try cut.scratch.write(Array(whole[..<length]), to: "x.gz")
      #expect(dataError { _ = try cut.run(.fastq, source) }?.exitCode == 65, "prefix \(length)")
    }
  }

  @Test(arguments: [
    ("x", "line 1: a read begins with @, not with \"x\""),
    ("@1\nAC\n", "line 2: the file ends before the qualities of its last read"),
    ("@1\nAC\n+\n!\n", "line 4: the file ends after 1 qualities of 2 bases"),
    ("@1\nAC\n+\n!!!\n", "line 4: 3 qualities for 2 bases"),
    ("@1\nAC\n+\n! \n", "line 4: column 2: byte 32 is no quality (33...126)"),
    ("@1\n+\n\n", "line 2: the read has no bases"),
    ("@1\nA\n@2\nA\n+\n!\n", "line 3: the next read begins before the qualities of the last"),
  ])
  func badReadsAreNamedByLine(text: String, expected: String) throws {
    #expect(try Importing().sentence(.fastq, text) == "source, " + expected)
  }
}

@Suite struct NPZImportTests {
  /// A zip of stored members.
  private func archive(_ arrays: [(String, NPYElement, [Int], [UInt8])]) -> [UInt8] {
    var zip = ZipBuilder()
    for (name, element, shape, data) in arrays {
      let extents = shape.map { "\($0)," }.joined()
      let header = "{'descr': '\(element.descriptor)', 'fortran_order': False, 'shape': (\(extents))}"
      let size = [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
      zip.add(name + ".npy", [0x93] + Array("NUMPY".utf8) + [1, 0] + size + Array(header.utf8) + data)
    }
    return zip.finished()
  }

  private func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  @Test func raggedAndEqualLengths() throws {
    let ragged = Importing()
    let one = try ragged.run(
      .npz,
      try ragged.scratch.write(
        archive([
          ("values", .float64, [3, 2], bytes([1.0, 2, 3, 4, 5, 6])), ("offsets", .int32, [3], bytes([Int32(0), 1, 3])),
          ("labels", .int64, [2], bytes([12, -1])), ("splits", .uint8, [2], [0, 2]),
          ("groups", .int16, [2], [5, 0, 5, 0]),
        ]), to: "x.npz"))
    #expect(one.features == 2 && one.labelNames == ["12", "-"])
    #expect(try (0..<2).map(one.array) == [[1, 2], [3, 4, 5, 6]])
    #expect((0..<2).map(one.split) == [.train, .test] && (0..<2).map(one.group) == [0, 0])
    let equal = Importing()
    let two = try equal.run(
      .npz,
      try equal.scratch.write(
        archive([("X", .uint8, [2, 3], [1, 2, 3, 4, 5, 6]), ("y", .uint8, [2], [9, 10])]), to: "y"))
    #expect(try (0..<2).map(two.array) == [[1, 2, 3], [4, 5, 6]])
    #expect(two.classes == ["9", "10"])
  }

  @Test func badArchivesAreRefused() throws {
    func sentence(_ arrays: [(String, NPYElement, [Int], [UInt8])]) throws -> String {
      let importing = Importing()
      let source = try importing.scratch.write(archive(arrays), to: "x.npz")
      return dataError { _ = try importing.run(.npz, source) }?.description ?? "no error"
    }
    #expect(try sentence([("z", .uint8, [1], [1])]).contains("holds z; expected values and offsets, or X"))
    #expect(try sentence([("values", .uint8, [2], [1, 2])]).contains("offsets are missing"))
    #expect(
      try sentence([("values", .uint8, [2], [1, 2]), ("offsets", .uint8, [4], [0, 1, 1, 2])]).contains("do not rise"))
    #expect(
      try sentence([("values", .uint8, [2], [1, 2]), ("offsets", .uint8, [2], [0, 1])]).contains("from 0 to the 2"))
    #expect(try sentence([("X", .uint8, [2, 1], [1, 2]), ("y", .uint8, [1], [1])]).contains("of shape [2]"))
    #expect(try sentence([("X", .uint8, [2, 0], [])]).contains("in which there is nothing"))
    #expect(try sentence([("X", .uint8, [2], [1, 2])]).contains("expected [n, timesteps]"))
    #expect(try sentence([("X", .float32, [1, 1], [0, 0, 192, 127])]).contains("the value is nan"))
  }
}

@Suite struct TextImportTests {
  @Test func linesAreSequencesOfBytes() throws {
    let importing = Importing()
    let source = try importing.scratch.write(
      "\u{FEFF}good\tAb\nbad\t\u{E9}\tx\r\n\nno label\n\tnone either\n", to: "x.txt")
    let data = try importing.run(.text, source)
    #expect(data.values == .categories(count: 256) && data.features == 1 && data.classes == ["bad", "good"])
    #expect(data.labelNames == ["good", "bad", "-", "-"])
    let expected = ["Ab", "\u{E9}\tx", "no label", "none either"].map { $0.utf8.map(Float.init) }
    #expect(try (0..<4).map(data.array) == expected)
  }

  @Test func filesAreSequencesOfBytes() throws {
    let importing = Importing()
    for (name, text) in [("spam/1.txt", "buy\r\nnow\n"), ("ham/1.txt", "a\tb"), ("ham/2.md", "not text")] {
      try FileManager.default.createDirectory(
        atPath: importing.scratch.file("in/" + name.prefix { $0 != "/" }), withIntermediateDirectories: true)
      _ = try importing.scratch.write(text, to: "in/" + name)
    }
    let data = try importing.run(.text, importing.scratch.file("in")) {
      $0.wholeFiles = true
      $0.naming.classFromFolder = true
    }
    #expect(data.labelNames == ["ham", "spam"])
    #expect(try (0..<2).map(data.array) == ["a\tb", "buy\nnow"].map { $0.utf8.map(Float.init) })
  }

  @Test(arguments: [
    ("a\tb\nc\t\n", "line 2: there is no sentence behind the tab"),
    ("", "there is no sequence in it"),
  ])
  func badLinesAreNamed(text: String, expected: String) throws {
    #expect(try Importing().sentence(.text, text).hasSuffix(expected))
  }
}
