import ArrayFiles
import Foundation
import SequenceData
import Testing

@Suite struct DatasetTests {
  /// Two features, four sequences in two shards, made by the writer.
  private func makeReals(_ scratch: Scratch) throws -> String {
    let writer = try DatasetWriter(at: scratch.file("set"), features: 2, values: .reals, shardBytes: 40)
    try writer.append([1, 2, 3, 4, 5, 6], label: 1, split: .train, group: 7)
    try writer.append([7, 8, 9, 10], label: nil, split: .validation, group: 8)
    try writer.append([-1, 0.5], label: 0, split: .test)
    try writer.append([11, 12, 13, 14, 15, 16], label: 0)
    try writer.finish(classes: ["a", "b"])
    return scratch.file("set")
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let scratch = Scratch()
    let data = try SequenceDataset(at: makeReals(scratch))
    #expect(data.count == 4)
    #expect(data.timesteps == 9)
    #expect(data.name == "set")
    #expect(data.shardCount == 2)
    #expect((0..<4).map(data.length) == [3, 2, 1, 3])
    #expect((0..<4).map(data.label) == [1, nil, 0, 0])
    #expect((0..<4).map(data.split) == [.train, .validation, .test, .train])
    #expect((0..<4).map(data.group) == [7, 8, nil, nil])
    #expect(try data.array(0) == [1, 2, 3, 4, 5, 6])
    #expect(try data.array(2) == [-1, 0.5])
    #expect(try data.array(3) == [11, 12, 13, 14, 15, 16])
    #expect(data.isSealed)
    try data.verifySeal()
    let statistics = try #require(data.sealedStatistics[0])
    #expect(statistics.timesteps == 5)
    #expect(statistics.minimum == 1 && statistics.maximum == 10)
    #expect(statistics.mean == [5, 6])
    #expect(statistics.squaredDeviations == [40, 40])
  }

  @Test(arguments: [(256, NPYElement.uint8), (257, .int16), (40000, .int32)])
  func categoriesTakeTheSmallestType(count: Int, element: NPYElement) throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    let writer = try DatasetWriter(at: path, features: 1, values: .categories(count: count))
    try writer.append([0, Float(count - 1), 3])
    let error = dataError { try writer.append([1, Float(count)]) }
    #expect(
      error
        == .value(
          path: path, sequence: 1, timestep: 1, feature: 0, value: "\(count)",
          expected: "a category, an integer in 0..<\(count)"))
    try writer.finish(classes: [])
    #expect(try NPYFile(at: path + "/values-00000.npy").element == element)
    let data = try SequenceDataset(at: path)
    #expect(data.values == .categories(count: count))
    #expect(try data.array(0) == [0, Float(count - 1), 3])
  }

  @Test func aBadValueIsNamedWithItsPlace() throws {
    let scratch = Scratch()
    let path = try makeReals(scratch)
    try scratch.replace("set/values-00001.npy", .float32, [Float(-1), 0.5, 11, 12, 13, .nan, 15, 16], row: [2])
    let data = try SequenceDataset(at: path)
    #expect(
      dataError { _ = try data.array(3) }
        == .value(
          path: path + "/values-00001.npy", sequence: 3, timestep: 1, feature: 1, value: "nan",
          expected: "a finite number"))
    #expect(try data.array(2) == [-1, 0.5])
    #expect(dataError { try data.verifySeal() }?.exitCode == 65)
  }

  /// Opens the set of ``makeReals`` after a change and returns what the error says, without the folder.
  private func opening(_ change: (Scratch) throws -> Void) throws -> (sentence: String, code: Int32?) {
    let scratch = Scratch()
    let path = try makeReals(scratch)
    try change(scratch)
    let error = dataError { _ = try SequenceDataset(at: path) }
    return ((error?.description ?? "no error").replacingOccurrences(of: path + "/", with: ""), error?.exitCode)
  }

  @Test func offsetsMustCutTheValuesIntoSequences() throws {
    func offsets(_ values: [Int64]) throws -> String {
      let result = try opening { try $0.replace("set/offsets-00001.npy", .int64, values) }
      #expect(result.code == 65)
      return result.sentence
    }
    let file = "offsets-00001.npy: sequence"
    #expect(try offsets([1, 2, 4]) == "\(file) 2 (entry 0 of this shard): the first offset is 1; expected 0")
    #expect(
      try offsets([0, 0, 4])
        == "\(file) 2 (entry 0 of this shard): the sequence is empty (offsets 0 and 0); remove it")
    #expect(
      try offsets([0, 5, 4])
        == "\(file) 3 (entry 1 of this shard): the offsets fall from 5 to 4; they must rise")
    #expect(
      try offsets([0, 1, 3])
        == "\(file) 3 (entry 1 of this shard): the offsets end at 3, but values-00001.npy holds 4 timesteps")
    #expect(try offsets([]).contains("expected <i8 of shape [n+1]"))
    #expect(try offsets([0, 1, .max]).contains("end at 9223372036854775807"))
    #expect(try offsets([0, .min, 4]).contains("fall from 0 to -9223372036854775808"))
  }

  @Test func labelsAndSplitsMustBeKnown() throws {
    let label = try opening { try $0.replace("set/labels-00000.npy", .int32, [Int32(2), -1]) }
    #expect(
      label.sentence
        == "labels-00000.npy: sequence 0 (entry 0 of this shard): the label is 2; expected -1 (none) or 0..<2")
    #expect(label.code == 65)
    let split = try opening { try $0.replace("set/splits-00001.npy", .uint8, [UInt8(0), 3]) }
    #expect(split.sentence.hasPrefix("splits-00001.npy: sequence 3 (entry 1 of this shard): the split is 3"))
    let short = try opening { try $0.replace("set/labels-00000.npy", .int32, [Int32(0)]) }
    #expect(short.sentence == "labels-00000.npy: holds <i4 of shape [1]; expected <i4 of shape [2]")
  }

  @Test func absentAndCutFilesAreNamed() throws {
    let absent = try opening { try FileManager.default.removeItem(atPath: $0.file("set/values-00001.npy")) }
    #expect(absent.code == 66)
    #expect(absent.sentence.hasPrefix("values-00001.npy: not found"))
    let cut = try opening {
      let whole = try Data(contentsOf: URL(fileURLWithPath: $0.file("set/values-00000.npy")))
      try $0.write(Array(whole.dropLast(3)), to: "set/values-00000.npy")
    }
    #expect(cut.code == 65)
    #expect(cut.sentence.contains("needs 40 bytes of data, but 37 are there; it is cut off"))
    let folder = try opening { try FileManager.default.removeItem(atPath: $0.file("set/dataset.json")) }
    #expect(folder.code == 66)
    let scratch = Scratch()
    let file = try scratch.write("text", to: "file")
    #expect(dataError { _ = try SequenceDataset(at: file) }?.exitCode == 66)
    #expect(dataError { _ = try SequenceDataset(at: scratch.file("absent")) }?.exitCode == 66)
  }

  @Test(arguments: [
    ("[", "is not JSON"), ("{}", "format is missing"), (#"{"format":1}"#, "format: "),
    (#"{"format":"x","version":1,"features":1,"values":{"kind":"reals"},"shards":[]}"#, "format is \"x\""),
    (#"{"format":"lockstep-dataset","version":2,"features":1,"values":{"kind":"reals"},"shards":[]}"#, "version is 2"),
    (
      #"{"format":"lockstep-dataset","version":1,"features":99999999999,"values":{"kind":"reals"},"shards":[]}"#,
      "features is 99999999999"
    ),
    (
      #"{"format":"lockstep-dataset","version":1,"features":1,"values":{"kind":"categories"},"shards":[]}"#,
      "need a count"
    ),
    (
      #"{"format":"lockstep-dataset","version":1,"features":1,"values":{"kind":"reals"},"#
        + #""shards":[{"values":"../v.npy","offsets":"o.npy"}]}"#, "leaves the folder"
    ),
    (String(repeating: "[", count: 100_000), "is not JSON"),
  ])
  func damagedDescriptionsAreRefused(json: String, reason: String) throws {
    let result = try opening { _ = try $0.write(json, to: "set/dataset.json") }
    #expect(result.code == 65)
    #expect(result.sentence.contains(reason), "\(result.sentence)")
  }

  @Test func theFingerprintDependsOnContentAlone() throws {
    let (first, second) = (Scratch(), Scratch())
    let one = try SequenceDataset(at: makeReals(first)).fingerprint
    #expect(one.count == 64)
    #expect(try SequenceDataset(at: makeReals(second)).fingerprint == one)
    try second.replace("set/labels-00000.npy", .int32, [Int32(0), -1])
    #expect(try SequenceDataset(at: second.file("set")).fingerprint != one)
  }

  @Test func theWriterRefusesAFolderInUseAndLeavesNothingHalfMade() throws {
    let scratch = Scratch()
    let kept = try scratch.write("precious", to: "used/file")
    #expect(
      dataError { _ = try DatasetWriter(at: scratch.file("used"), features: 1, values: .reals) }?.exitCode == 64)
    #expect(dataError { _ = try DatasetWriter(at: kept, features: 1, values: .reals) }?.exitCode == 64)
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == "precious")
    do {
      let writer = try DatasetWriter(at: scratch.file("new"), features: 1, values: .reals, shardBytes: 4)
      try writer.append([1])
      try writer.append([2])
      #expect(FileManager.default.fileExists(atPath: scratch.file("new/values-00001.npy")))
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.file("new")))
  }

  @Test func sealingKeepsWhatElseIsSaid() throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    _ = try scratch.write(
      #"{"format":"lockstep-dataset","version":1,"name":"mine","features":1,"values":{"kind":"reals"},"#
        + #""classes":[],"about":{"licence":"none"},"shards":[{"values":"v.npy","offsets":"o.npy"}]}"#,
      to: "set/dataset.json")
    try scratch.replace("set/v.npy", .int16, [Int16(-3), 4, 5], row: [1])
    try scratch.replace("set/o.npy", .int64, [Int64(0), 2, 3])
    let open = try SequenceDataset(at: path)
    #expect(!open.isSealed)
    try open.verifySeal()
    try SequenceDataset.seal(at: path)
    let sealed = try SequenceDataset(at: path)
    #expect(sealed.isSealed && sealed.name == "mine")
    #expect(sealed.sealedStatistics[0]?.mean == [2])
    #expect(try String(contentsOfFile: path + "/dataset.json", encoding: .utf8).contains(#""licence" : "none""#))
    try scratch.replace("set/v.npy", .int16, [Int16(-3), 4, 6], row: [1])
    #expect(dataError { try SequenceDataset(at: path).verifySeal() }?.exitCode == 65)
  }
}
