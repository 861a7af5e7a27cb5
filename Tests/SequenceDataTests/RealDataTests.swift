import Foundation
import SequenceData
import Testing

/// Imports of real recordings and archives, which are not part of the project: `LOCKSTEP_DATA` names a folder that
/// holds them.
private let shared = ProcessInfo.processInfo.environment["LOCKSTEP_DATA"]

@Suite(.enabled(if: shared != nil, "LOCKSTEP_DATA names no folder with real data"))
struct RealDataTests {
  private func run(
    _ source: String, _ format: ImportOptions.Format, _ change: (inout ImportOptions) -> Void = { _ in }
  ) throws -> DatasetInspection {
    let scratch = Scratch()
    var options = ImportOptions(format: format)
    change(&options)
    _ = try DatasetImporter.run(source: source, output: scratch.file("set"), options: options)
    let inspection = try DatasetInspection(at: scratch.file("set"))
    return inspection
  }

  @Test func spokenDigits() throws {
    let archive = try #require(shared) + "/fsdd.tar.xz"
    guard FileManager.default.fileExists(atPath: archive) else { return }
    let scratch = Scratch()
    let unpacking = Process()
    unpacking.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    unpacking.arguments = ["tar", "-xf", archive, "-C", scratch.path]
    try unpacking.run()
    unpacking.waitUntilExit()
    let inspection = try run(scratch.file("fsdd/recordings"), .wav) {
      $0.naming.pattern = "{class}_{speaker}_{index}"
      $0.naming.testWhere = "index<5"
      $0.quantiser = try? Quantiser.muLaw(levels: 41)
    }
    #expect(inspection.sequences == 3000 && inspection.defectCount == 0)
    #expect(inspection.splits.map(\.sequences) == [2430, 270, 300])
    #expect(inspection.classes == (0..<10).map(String.init))
    let lengths = try #require(inspection.lengths)
    #expect(lengths.minimum == 1148 && lengths.median == 3360 && lengths.maximum == 18262)
  }

  @Test func appliances() throws {
    let folder = try #require(shared) + "/PLAID"
    let inspection = try run(folder + "/PLAID_TRAIN.ts", .ts) { $0.testSource = folder + "/PLAID_TEST.ts" }
    #expect(inspection.sequences == 1074 && inspection.defectCount == 0)
    #expect(inspection.splits[2].sequences == 537 && inspection.classes.count == 11)
    #expect(inspection.lengths?.minimum == 100 && inspection.lengths?.maximum == 1344)
  }

  @Test func vowels() throws {
    let folder = try #require(shared) + "/JapaneseVowels"
    let inspection = try run(folder + "/JapaneseVowels_TRAIN.ts", .ts) {
      $0.testSource = folder + "/JapaneseVowels_TEST.ts"
      $0.validation = 0
    }
    #expect(inspection.splits.map(\.sequences) == [270, 0, 370])
    #expect(inspection.features == 12 && inspection.classes.count == 9 && inspection.defectCount == 0)
    #expect(inspection.lengths?.minimum == 7 && inspection.lengths?.maximum == 29)
  }

  @Test func writtenDigits() throws {
    let folder = try #require(shared) + "/mnist"
    guard FileManager.default.fileExists(atPath: folder) else { return }
    let inspection = try run(folder + "/train10k-images-idx3-ubyte.gz", .idx) {
      $0.testSource = folder + "/t10k-images-idx3-ubyte.gz"
      $0.validation = 0.1
    }
    #expect(inspection.sequences == 20_000 && inspection.defectCount == 0 && inspection.features == 28)
    let splits = inspection.splits.map(\.sequences)
    #expect(splits[0] + splits[1] == 10_000 && (990...1010).contains(splits[1]) && splits[2] == 10_000, "\(splits)")
    #expect(inspection.classes == (0..<10).map(String.init) && inspection.valueRange == 0...1)
    #expect(inspection.lengths?.minimum == 28 && inspection.lengths?.maximum == 28)
  }

  @Test func connections() throws {
    let file = try #require(shared) + "/kdd99/kddcup.data_10_percent.gz"
    guard FileManager.default.fileExists(atPath: file) else { return }
    let inspection = try run(file, .csv) {
      $0.csv.row = .vector
      $0.csv.labelColumn = "-1"
      $0.csv.symbolicColumns = ["2", "3", "4"]
    }
    #expect(inspection.sequences == 494_021 && inspection.defectCount == 0 && inspection.classes.count == 23)
    // 38 columns of numbers; 3 protocols, 66 services, 11 flags, and one more feature of each for others.
    #expect((38 + 60...38 + 83).contains(inspection.features))
  }

  @Test func motions() throws {
    let archive = try #require(shared) + "/hapt.tar.xz"
    guard FileManager.default.fileExists(atPath: archive) else { return }
    let scratch = Scratch()
    let unpacking = Process()
    unpacking.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    unpacking.arguments = ["tar", "-xf", archive, "-C", scratch.path]
    try unpacking.run()
    unpacking.waitUntilExit()
    let inspection = try run(scratch.file("hapt"), .recordings) {
      $0.windows = .init(length: 128, step: 64)
      $0.validation = 0
    }
    #expect(inspection.sequences == 10_929 && inspection.defectCount == 0 && inspection.features == 6)
    #expect(inspection.classes == (1...12).map(String.init))
    let six = try run(scratch.file("hapt"), .recordings) {
      $0.windows = .init(length: 128, step: 64)
      $0.validation = 0
      $0.onlyClasses = (1...6).map(String.init)
    }
    #expect(six.splits.map(\.sequences) == [7415, 0, 2996])
  }

  @Test func nanoporeReads() throws {
    let inspection = try run(try #require(shared) + "/nanopore", .fastq)
    #expect(inspection.sequences == 236 && inspection.defectCount == 0)
    #expect(inspection.values == .categories(count: 26) && inspection.valueRange == 1...25)
    #expect(inspection.lengths?.minimum == 443 && inspection.lengths?.maximum == 11968)
  }
}
