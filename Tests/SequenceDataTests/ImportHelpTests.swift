import Foundation
import SequenceData
import Testing

/// What would go wrong in silence, and is told instead.
@Suite struct ImportHelpTests {
  @Test func theMuLawRefusesValuesBeyondItsScaleAndAScaleHelps() throws {
    let text = #"{"values":[0.5,-3]}"#
    let said = try Importing().sentence(.jsonl, text) { $0.quantiser = try .muLaw(levels: 41) }
    #expect(
      said.hasPrefix("source, line 1: timestep 1, feature 0: the value is -3, but the mu law wants -1...1"), "\(said)")
    #expect(said.contains("goes up to 3") && said.contains("--scale FACTOR"), "\(said)")
    let scaled = Importing()
    let data = try scaled.run(.jsonl, scaled.scratch.write(text, to: "x")) {
      $0.quantiser = try .muLaw(levels: 41)
      $0.scale = 0.25
    }
    let quantiser = try Quantiser.muLaw(levels: 41)
    #expect(try data.array(0) == [0.125, -0.75].map { Float(quantiser.level(of: $0)) })
    #expect(try Importing().sentence(.jsonl, text) { $0.scale = 0 }.contains("scale"))
  }

  @Test func recordingsOfDifferentSampleRatesAreRefusedUnlessAllowed() throws {
    let importing = Importing()
    var bytes = wave(format: 1, channels: 1, bits: 8, samples: [1, 2])
    try importing.scratch.write(bytes, to: "in/a.wav")
    bytes[24] ^= 1  // the low byte of the sample rate
    try importing.scratch.write(bytes, to: "in/b.wav")
    let folder = importing.scratch.file("in")
    let said = dataError { _ = try importing.run(.wav, folder) }
    #expect(said?.exitCode == 65)
    #expect(
      said?.description.contains("b.wav: 8001 samples a second, but \(folder)/a.wav has 8000") == true, "\(said as Any)"
    )
    #expect(try importing.run(.wav, folder) { $0.mixedSampleRates = true }.count == 2)
  }

  @Test func aFileInNoFolderHasNoClassFromIt() throws {
    let importing = Importing()
    try importing.scratch.write(wave(format: 1, channels: 1, bits: 8, samples: [1]), to: "in/a.wav")
    for source in ["in", "in/a.wav"] {
      let said = dataError {
        _ = try importing.run(.wav, importing.scratch.file(source)) { $0.naming.classFromFolder = true }
      }
      #expect(said?.description.contains("a.wav: lies in no folder within") == true, "\(said as Any)")
    }
  }

  @Test(arguments: [
    (#""lables":[]"#, "lables: unknown key; known are format"),
    (#""clases":["a"]"#, "clases: unknown key; did you mean 'classes'?"),
  ])
  func unknownKeysOfADataSetAreRefused(key: String, expected: String) throws {
    let scratch = Scratch()
    func sentence(_ json: String) throws -> String {
      _ = try scratch.write(json, to: "set/dataset.json")
      let error = dataError { _ = try SequenceDataset(at: scratch.file("set")) }
      #expect(error?.exitCode == 65)
      return error?.description ?? "no error"
    }
    let start = #"{"format":"lockstep-dataset","version":1,"features":1,"values":{"kind":"reals"},"#
    #expect(try sentence(start + #""shards":[{"values":"v.npy","offsets":"o.npy"}],"# + key + "}").contains(expected))
    #expect(
      try sentence(start + #""shards":[{"values":"v.npy","offsets":"o.npy","label":"l.npy"}]}"#).contains(
        "shards.[0].label: unknown key; did you mean 'labels'?"))
  }
}

/// What sequences are called in their source.
@Suite struct SequenceNameTests {
  private func names(_ data: SequenceDataset) -> [String]? {
    SequenceNames(data).map { names in (0..<data.count).map(names.name) }
  }

  @Test func everySourceThatHasNamesKeepsThem() throws {
    let recordings = Importing()
    let bytes = wave(format: 1, channels: 1, bits: 8, samples: [1, 2])
    for name in ["b/2", "a/10", "a/9"] { try recordings.scratch.write(bytes, to: "in/\(name).wav") }
    #expect(try names(recordings.run(.wav, recordings.scratch.file("in"))) == ["a/9.wav", "a/10.wav", "b/2.wav"])

    let table = Importing()
    let rows = try table.scratch.write("id,x\nq 1,2\nq 1,3\n\"r,2\",4\n", to: "x.csv")
    #expect(try names(table.run(.csv, rows) { $0.csv.sequenceColumn = "id" }) == ["q 1", "r,2"])

    let wide = Importing()
    let lines = try wide.scratch.write("a,1,2\nb,3\n", to: "x.csv")
    let data = try wide.run(.csv, lines) {
      $0.csv.row = .sequence
      $0.csv.sequenceColumn = "1"
    }
    #expect(names(data) == ["a", "b"])
    #expect(try data.array(0) == [1, 2])

    let reads = Importing()
    let fastq = try reads.scratch.write("@read/1 length=1\nA\n+\n!\n@\nC\n+\n!\n", to: "x.fq")
    #expect(try names(reads.run(.fastq, fastq)) == ["read/1", ""])

    let objects = Importing()
    let text = "{\"values\":[1]}\n{\"values\":[1],\"id\":7}\n{\"name\":\"é\",\"values\":[1]}\n"
    #expect(try names(objects.run(.jsonl, objects.scratch.write(text, to: "x"))) == ["", "7", "é"])

    let none = Importing()
    let plain = try none.run(.jsonl, none.scratch.write("{\"values\":[1]}", to: "x"))
    #expect(names(plain) == nil)
    #expect(try Importing().sentence(.jsonl, #"{"values":[1],"name":"a\nb"}"#).contains("holds a line's end"))
  }

  @Test func namesAreStoredByShardSealedAndChecked() throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    let writer = try DatasetWriter(at: path, features: 1, values: .reals, shardBytes: 8)
    for (index, name) in [nil, "one", nil, nil, "four"].enumerated() { try writer.append([Float(index)], name: name) }
    try writer.finish(classes: [])
    let data = try SequenceDataset(at: path)
    #expect(data.shardCount == 3 && data.isSealed)
    #expect(names(data) == ["", "one", "", "", "four"])
    #expect(SequenceNames(data)?.name(of: 4) == "four")
    #expect(try String(contentsOfFile: path + "/names-00000.txt", encoding: .utf8) == "\none\n")
    #expect(!FileManager.default.fileExists(atPath: path + "/names-00001.txt"))

    _ = try scratch.write("one\n", to: "set/names-00000.txt")
    let cut = dataError { _ = try SequenceDataset(at: path) }
    #expect(cut?.description.contains("names-00000.txt: holds 1 whole lines; expected one for each of 2") == true)
    _ = try scratch.write("\ntwo\n", to: "set/names-00000.txt")
    #expect(dataError { try SequenceDataset(at: path).verifySeal() }?.exitCode == 65)
  }
}

/// A writer that was killed.
@Suite struct InterruptedWritingTests {
  @Test func whatAKilledWriterLeftIsToldAndBegunAfresh() throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    for (name, text) in [
      (".incomplete", ""), ("values-00000.npy", "half"), ("names-00000.txt", ""), (".dataset.json.7.tmp", ""),
    ] {
      _ = try scratch.write(text, to: "set/" + name)
    }
    #expect(DatasetWriter.isInterrupted(at: path))
    let opened = dataError { _ = try SequenceDataset(at: path) }
    #expect(opened?.exitCode == 65 && opened?.description.contains("was interrupted") == true)
    #expect(dataError { _ = try DatasetInspection(at: path) }?.exitCode == 65)
    // Something foreign in it: it is left alone.
    _ = try scratch.write("mine", to: "set/values-mine.npy")
    #expect(!DatasetWriter.isInterrupted(at: path))
    #expect(dataError { _ = try DatasetWriter(at: path, features: 1, values: .reals) }?.exitCode == 64)
    try FileManager.default.removeItem(atPath: path + "/values-mine.npy")

    let writer = try DatasetWriter(at: path, features: 1, values: .reals)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [".incomplete"])
    try writer.append([1, 2])
    // While one writes, no other may.
    #expect(
      dataError { _ = try DatasetWriter(at: path, features: 1, values: .reals) }?.description.contains(
        "another process") == true)
    try writer.finish(classes: [])
    #expect(try SequenceDataset(at: path).count == 1)
    #expect(!FileManager.default.fileExists(atPath: path + "/.incomplete"))
    #expect(!DatasetWriter.isInterrupted(at: path))
  }
}
