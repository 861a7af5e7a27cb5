import Foundation
import SequenceData
import Testing

/// Recordings with segments, and windows of any sequences.
@Suite struct RecordingsImportTests {
  private let index = "id,offset,length,label,user,split\nexp01,0,6,-1,7,train\nexp02,6,5,-1,8,test\n"
  private let segments = "exp,user,activity,start,end\n1,7,5,2,6\nexp02,8,7,1,5\n"

  private func write(
    _ importing: Importing, index: String? = nil, segments: String?, values: Int = 22, name: String = "data.i16"
  ) throws -> String {
    _ = try importing.scratch.write(index ?? self.index, to: "in/index.csv")
    if let segments { _ = try importing.scratch.write(segments, to: "in/segments.csv") }
    let bytes = (0..<values).flatMap { value in withUnsafeBytes(of: Int16(value - 3).littleEndian) { Array($0) } }
    try importing.scratch.write(bytes, to: "in/" + name)
    return importing.scratch.file("in")
  }

  @Test func segmentsAreSequences() throws {
    let importing = Importing()
    let data = try importing.run(.recordings, write(importing, segments: segments))
    #expect(data.features == 2 && data.count == 2 && data.labelNames == ["5", "7"])
    #expect(try data.array(0) == (2..<12).map { Float($0 - 3) })
    #expect(try data.array(1) == (12..<22).map { Float($0 - 3) })
    #expect((0..<2).map(data.group) == [0, 1] && (0..<2).map(data.split) == [.train, .test])
    #expect(SequenceNames(data)?.name(of: 0) == "exp01:2")
    let whole = Importing()
    let all = try whole.run(.recordings, write(whole, segments: nil))
    #expect(all.count == 2 && all.length(of: 0) == 6 && all.classes.isEmpty)
    #expect(SequenceNames(all)?.name(of: 1) == "exp02")
  }

  @Test func floatsAreReadToo() throws {
    let importing = Importing()
    // 22 numbers of 16 bits are 11 of 32: one channel.
    _ = try write(importing, segments: nil, values: 0)
    try FileManager.default.removeItem(atPath: importing.scratch.file("in/data.i16"))
    let bytes = (0..<11).flatMap { value in
      withUnsafeBytes(of: (Float(value) / 4).bitPattern.littleEndian) { Array($0) }
    }
    try importing.scratch.write(bytes, to: "in/data.f32")
    let data = try importing.run(.recordings, importing.scratch.file("in"))
    #expect(try data.features == 1 && data.array(1) == (6..<11).map { Float($0) / 4 })
  }

  @Test func windowsAreWholeAndStayTogether() throws {
    let importing = Importing()
    var options = ImportOptions(format: .recordings)
    (options.validation, options.testFraction) = (0, 0)
    options.windows = .init(length: 3, step: 2)
    let summary = try DatasetImporter.run(
      source: write(importing, segments: segments), output: importing.output, options: options)
    let data = try SequenceDataset(at: importing.output)
    #expect(summary.sequences == 4 && data.length(of: 0) == 3)
    #expect(try (0..<4).map { try data.array($0)[0] } == [-1, 3, 9, 13])
    #expect(data.labelNames == ["5", "5", "7", "7"] && (0..<4).map(data.group) == [0, 0, 1, 1])
    #expect(SequenceNames(data)?.name(of: 1) == "exp01:2@2")

    let lines = Importing()
    let text = (0..<12).map { #"{"values":[\#($0),1,2,3,4,5]}"# + "\n" }.joined() + #"{"values":[1]}"#
    var cut = ImportOptions(format: .jsonl)
    cut.windows = .init(length: 2, step: 2)
    let made = try DatasetImporter.run(
      source: lines.scratch.write(text, to: "x"), output: lines.output, options: cut)
    #expect(made.sequences == 36 && made.tooShort == 1)
    let set = try SequenceDataset(at: lines.output)
    for id in 0..<36 {
      #expect(set.split(of: id) == set.split(of: id / 3 * 3), "a sequence's windows are in two splits")
    }
    for (length, step) in [(0, 1), (1, 0), (.max, 1), (1, .max)] {
      let sentence = try Importing().sentence(.jsonl, text) { $0.windows = .init(length: length, step: step) }
      #expect(sentence.contains("must be at least 1, at most 1073741824"), "\(length), \(step): \(sentence)")
    }
    let sentence = try Importing().sentence(.jsonl, text) { $0.windows = .init(length: 1 << 30, step: 1) }
    #expect(sentence.contains("nothing is left of it: 13 sequences shorter than a window of 1073741824"), "\(sentence)")
  }

  @Test func trainingRecordingsMayBeDrawnForValidation() throws {
    let importing = Importing()
    let rows = (0..<10).map { "r\($0),\($0 * 2),2,\($0),\($0 < 8 ? "train" : "test")\n" }.joined()
    let data = try importing.run(
      .recordings, write(importing, index: "id,offset,length,user,split\n" + rows, segments: nil, values: 20)
    ) { ($0.validation, $0.testFraction) = (0.25, nil) }
    let splits = (0..<10).map(data.split)
    #expect(splits.count { $0 == .validation } == 2 && splits.count { $0 == .test } == 2 && splits[9] == .test)
  }

  @Test func damageIsNamed() throws {
    func sentence(index: String? = nil, segments: String? = nil, values: Int = 22) throws -> String {
      let importing = Importing()
      let error = dataError {
        _ = try importing.run(
          .recordings, try write(importing, index: index, segments: segments ?? self.segments, values: values))
      }
      return error?.description ?? "no error"
    }
    #expect(try sentence(values: 21).contains("data.i16: its 42 bytes are no whole channels of the 11 timesteps"))
    #expect(try sentence(values: 3).contains("names 11 timesteps"))
    #expect(try sentence(index: "id,offset,length\n").contains("names no recording"))
    #expect(try sentence(index: "id,offset,length\na,0,x\n").contains("line 2: column length: no whole number"))
    #expect(try sentence(index: "id,offset,length\na,1,5\n").contains("expected offset 0"))
    #expect(try sentence(index: "id,offset\na,0\n").contains("column length"))
    #expect(try sentence(index: "id,offset,length,split\na,0,11,first\n").contains("the split is \"first\""))
    #expect(try sentence(index: "id,offset,length\na,0,5\na,5,6\n").contains("line 3: the id \"a\" stands there twice"))
    #expect(try sentence(index: "id,offset,length\n2,0,5\n,5,6\n").contains("line 3: the id \"2\" stands there twice"))
    #expect(try sentence(segments: "exp,start,end\n3,1,2\n").contains("segments.csv, line 2: exp: \"3\" is neither"))
    #expect(try sentence(segments: "exp,start,end\n-9223372036854775808,1,2\n").contains("is neither"))
    #expect(try sentence(segments: "exp,start,end\n1,0,2\n").contains("timesteps 0 to 2; recording 1 has 1 to 6"))
    #expect(try sentence(segments: "exp,start,end\n1,2,7\n").contains("timesteps 2 to 7"))
    #expect(try sentence(segments: "exp,start,end\n1,2,4\n1,4,5\n").contains("segments before end at 4"))
    #expect(try sentence(segments: "exp,start\n1,2,4\n").contains("not 2 fields"))
  }
}
