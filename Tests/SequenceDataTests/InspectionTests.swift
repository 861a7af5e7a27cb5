import ArrayFiles
import Foundation
import SequenceData
import Testing

@Suite struct InspectionTests {
  @Test func everyDefectIsFoundAndCounted() throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    let writer = try DatasetWriter(at: path, features: 1, values: .categories(count: 10), shardBytes: 4)
    for length in [4, 3, 2, 4] {
      try writer.append(Array(repeating: 1, count: length), label: 0, split: .train, group: length)
    }
    try writer.finish(classes: ["a", "b"])
    let sound = try DatasetInspection(at: path)
    #expect(sound.defectCount == 0 && sound.exitCode == 0 && sound.isSealed && sound.groups == 3)
    let lengths = try #require(sound.lengths)
    #expect(lengths.minimum == 2 && lengths.median == 4 && lengths.maximum == 4)
    #expect(lengths.histogram.map(\.least) == [2, 4] && lengths.histogram.map(\.count) == [2, 2])
    #expect(sound.splits[0].perClass == [4, 0] && sound.text.contains("no defects"))

    try scratch.replace("set/values-00000.npy", .uint8, [10, 1, 255, 1] as [UInt8], row: [1])
    try scratch.replace("set/labels-00000.npy", .int32, [Int32(2)])
    try scratch.replace("set/offsets-00001.npy", .int64, [Int64(0), 2])
    try FileManager.default.removeItem(atPath: scratch.file("set/splits-00002.npy"))
    let damaged = try DatasetInspection(at: path)
    let sentences = damaged.defects.map(\.description)
    for expected in [
      "labels-00000.npy: sequence 0 (entry 0 of this shard): the label is 2",
      "values-00000.npy: sequence 0, timestep 0, feature 0: the value is 10; expected a category, an integer in 0..<10",
      "values-00000.npy: sequence 0, timestep 2, feature 0: the value is 255",
      "values-00000.npy: its SHA-256 is", "labels-00000.npy: its SHA-256 is", "the offsets end at 2",
      "offsets-00001.npy: its SHA-256 is", "splits-00002.npy: not found",
    ] {
      #expect(sentences.count { $0.contains(expected) } == 1, "\(expected) in \(sentences)")
    }
    #expect(damaged.defectCount == 8 && damaged.exitCode == 65)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(damaged.json.utf8)) as? [String: Any])
    #expect(json["defectCount"] as? Int == 8)
    #expect(dataError { _ = try DatasetInspection(at: scratch.path) }?.exitCode == 66)
  }

  @Test func manyDefectsAreCountedAndNotAllDescribed() throws {
    let scratch = Scratch()
    let path = scratch.file("set")
    let writer = try DatasetWriter(at: path, features: 2, values: .reals)
    try writer.append(Array(repeating: 1, count: 1000))
    try writer.finish(classes: [])
    try scratch.replace("set/values-00000.npy", .float32, Array(repeating: Float.nan, count: 1000), row: [2])
    let inspection = try DatasetInspection(at: path)
    #expect(inspection.defectCount == 1001 && inspection.defects.count == DatasetInspection.mostDescribed)
    #expect(inspection.valueRange == nil && inspection.text.contains("and 901 more"))
  }
}
