import ArrayFiles
import Foundation
import HostileFiles
import TestSupport
import Testing

/// Files that fuzzers found, and files made to cost time or memory, are read or refused with a sentence; no reader
/// crashes, hangs, or takes memory beyond the file's measure.
@Suite struct HostileFilesTests {
  /// What one file cost.
  private struct Line {
    let name: String
    let bytes: Int
    let seconds: Double
    let growthKiB: Int
    let outcome: String

    init?(_ text: String) {
      let words = text.split(separator: " ", maxSplits: 4).map(String.init)
      guard words.count == 5, let bytes = Int(words[1]), let seconds = Double(words[2]), let growth = Int(words[3])
      else { return nil }
      (name, self.bytes, self.seconds, growthKiB, outcome) = (words[0], bytes, seconds, growth, words[4])
    }
  }

  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Corpus").path

  /// Reads in a process of its own, which a reader may crash, and gives what it said of each file.
  private func replay(_ reader: HostileReader, _ files: String, count: Int) throws -> [Line] {
    let result = try MPIRun.runAlone("replay-files", [reader.rawValue, files], timeoutSeconds: 240)
    #expect(result.code == 0, "\(reader): \(result.summary)")
    let lines = result.lines.compactMap(Line.init)
    #expect(lines.count == count, "\(reader): \(count) files, \(lines.count) answers: \(result.summary)")
    for line in lines {
      #expect(!line.outcome.hasPrefix("untyped"), "\(reader), \(line.name): \(line.outcome)")
    }
    return lines
  }

  @Test(arguments: HostileReader.allCases)
  func corpusIsReadOrRefused(reader: HostileReader) throws {
    let folder = Self.corpus + "/" + reader.rawValue
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    let lines = try replay(reader, folder, count: names.count)
    for line in lines {
      #expect(line.bytes <= 8 << 10, "\(reader), \(line.name): \(line.bytes) bytes; the corpus is of small files")
      // Loaded machines are slow; what is sought are hangs.
      #expect(line.seconds < 10, "\(reader), \(line.name): \(line.seconds) s for \(line.bytes) bytes")
      #expect(line.growthKiB < 64 << 10, "\(reader), \(line.name): grew by \(line.growthKiB) KiB")
    }
    #expect(lines.contains { $0.outcome == "value" }, "\(reader): no file of the corpus is sound")
    #expect(lines.contains { $0.outcome.hasPrefix("refused") }, "\(reader): no file of the corpus is damaged")
  }

  @Test(arguments: HostileReader.allCases)
  func shapesCostNoMoreThanTheirMeasure(reader: HostileReader) throws {
    for line in try replay(reader, "--shapes", count: reader.shapes.count) {
      // A second at most where nothing else runs.
      #expect(line.seconds < 12, "\(reader), \(line.name): \(line.seconds) s for \(line.bytes) bytes")
      // What the first input that is accepted makes the process load stays in it: 27 MiB where an import follows.
      let mostKiB = 48 << 10 + (line.name == "gzip-bomb" ? 2 * Expansion.ratio : 32) * line.bytes >> 10
      #expect(
        line.growthKiB < mostKiB, "\(reader), \(line.name): grew by \(line.growthKiB) KiB, the most is \(mostKiB)")
    }
  }
}
