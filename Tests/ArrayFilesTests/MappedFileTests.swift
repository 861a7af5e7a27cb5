import ArrayFiles
import Foundation
import Testing

@Suite struct MappedFileTests {
  @Test func accessIsChecked() throws {
    let scratch = try ScratchFile([1, 2, 3, 4, 5, 6, 7, 8, 9])
    let file = try MappedFile(at: scratch.path)
    #expect(file.count == 9)
    #expect(file.load(UInt64.self, at: 1) == 0x0908_0706_0504_0302)
    for offset in [2, 9, -1, .max, .min] { #expect(file.load(UInt64.self, at: offset) == nil, "at \(offset)") }
    #expect(file.slice(from: 9, count: 0)?.count == 0)
    for (offset, count) in [(9, 1), (0, 10), (1, .max), (-1, 1), (0, -1), (.max, .max)] {
      #expect(file.slice(from: offset, count: count) == nil, "\(count) from \(offset)")
    }
  }

  @Test func emptyAbsentAndFolder() throws {
    let scratch = try ScratchFile([])
    #expect(try MappedFile(at: scratch.path).count == 0)
    #expect(fileError { _ = try MappedFile(at: "/nowhere") } == .missing(path: "/nowhere", advice: "check the path"))
    #expect(fileError { _ = try MappedFile(at: "/tmp") } == .damaged(path: "/tmp", reason: "not a regular file"))
  }
}
