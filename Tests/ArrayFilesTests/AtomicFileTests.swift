import ArrayFiles
import Foundation
import Testing

@Suite struct AtomicFileTests {
  @Test func aFileIsReplacedAndNothingIsLeftBesideIt() throws {
    let scratch = try AtomicScratch()
    for text in ["first", "", "third, and longer"] {
      try AtomicFile.write(text, to: scratch.file("a"))
      #expect(try AtomicFile.read(scratch.file("a")) == Array(text.utf8))
      #expect(scratch.names == ["a"])
    }
  }

  @Test func aBodyThatFailsLeavesTheOldFile() throws {
    let scratch = try AtomicScratch()
    try AtomicFile.write("old", to: scratch.file("a"))
    let failure = FileError.inputOutput(path: "a", operation: "write", code: ENOSPC)
    #expect(throws: failure) {
      try AtomicFile.write(to: scratch.file("a")) { (writer: inout AtomicFile.Writer) throws(FileError) in
        try writer.write([UInt8]("new".utf8))
        throw failure
      }
    }
    #expect(try AtomicFile.read(scratch.file("a")) == Array("old".utf8))
    #expect(scratch.names == ["a"])
  }

  @Test func aWriterCountsAndDigestsOnTheWay() throws {
    let scratch = try AtomicScratch()
    var writer = try AtomicFile.Writer(creating: scratch.file("a"))
    try writer.write([UInt8](repeating: 5, count: 10_000_000))
    try writer.write([Float](repeating: 1.5, count: 3))
    let written = try writer.finish()
    #expect(written.bytes == 10_000_012)
    #expect(written.sha256 == (try Checksum.sha256(ofFile: scratch.file("a"))))
    #expect(throws: FileError.self) { _ = try AtomicFile.Writer(creating: scratch.file("a")).finish() }
  }

  @Test func readingHasABound() throws {
    let scratch = try AtomicScratch()
    try AtomicFile.write("12345", to: scratch.file("a"))
    #expect(try AtomicFile.read(scratch.file("a"), limit: 5).count == 5)
    #expect(
      throws: FileError.damaged(
        path: scratch.file("a"), reason: "holds 5 bytes, more than the 4 that such a file may have")
    ) { try AtomicFile.read(scratch.file("a"), limit: 4) }
    #expect(throws: FileError.damaged(path: scratch.path, reason: "is not a regular file")) {
      try AtomicFile.read(scratch.path)
    }
  }

  @Test func aFolderIsPublishedWithAndWithoutOneInItsPlace() throws {
    let scratch = try AtomicScratch()
    for text in ["one", "two"] {
      try AtomicFile.createFolder(scratch.file(".new.tmp"))
      try AtomicFile.write(text, to: scratch.file(".new.tmp/content"))
      try AtomicFile.publishFolder(scratch.file(".new.tmp"), as: scratch.file("made"))
      #expect(try AtomicFile.read(scratch.file("made/content")) == Array(text.utf8))
      #expect(scratch.names == ["made"])
    }
  }

  @Test func aFolderMovedAsideComesBack() throws {
    let scratch = try AtomicScratch()
    try AtomicFile.createFolder(scratch.file(".made.replaced"))
    try AtomicFile.recoverFolders(in: scratch.path)
    #expect(scratch.names == ["made"])
    try AtomicFile.createFolder(scratch.file(".made.replaced/old"))
    try AtomicFile.recoverFolders(in: scratch.path)
    #expect(scratch.names == ["made"])
  }

  @Test func temporariesAreKnownByTheirNames() throws {
    let scratch = try AtomicScratch()
    let names = [".a.12.tmp", ".step-00000001.7.tmp", ".tmp", "a.12.tmp", ".a.tmp", ".a.b.tmp", ".a.12.tmp.kept"]
    for name in names { try AtomicFile.write("x", to: scratch.file(name)) }
    try AtomicFile.removeTemporaries(inFolder: scratch.path)
    #expect(scratch.names == [".a.12.tmp.kept", ".a.b.tmp", ".a.tmp", ".tmp", "a.12.tmp"])
  }

  @Test func aLinkIsReplaced() throws {
    let scratch = try AtomicScratch()
    for target in ["step-1", "step-2"] {
      try AtomicFile.replaceSymbolicLink(at: scratch.file("latest"), target: target)
      #expect(AtomicFile.targetOfSymbolicLink(at: scratch.file("latest")) == target)
      #expect(scratch.names == ["latest"])
    }
    #expect(AtomicFile.targetOfSymbolicLink(at: scratch.file("none")) == nil)
  }

  @Test func aFileInPlaceOfAFolderIsSaid() throws {
    let scratch = try AtomicScratch()
    try AtomicFile.write("x", to: scratch.file("a"))
    #expect(
      throws: FileError.damaged(
        path: scratch.file("a"), reason: "a file stands where a folder is meant; move it away")
    ) { try AtomicFile.createFolder(scratch.file("a")) }
    try AtomicFile.createFolder(scratch.file("b/c/d"))
    try AtomicFile.createFolder(scratch.file("b/c/d"))
    #expect(AtomicFile.isFolder(scratch.file("b/c/d")))
    try AtomicFile.remove(scratch.file("b"))
    try AtomicFile.remove(scratch.file("b"))
    #expect(scratch.names == ["a"])
  }

  @Test func removingALinkSparesWhatItNames() throws {
    let scratch = try AtomicScratch()
    try AtomicFile.createFolder(scratch.file("kept/inner"))
    try AtomicFile.replaceSymbolicLink(at: scratch.file("link"), target: "kept")
    try AtomicFile.remove(scratch.file("link"))
    #expect(AtomicFile.isFolder(scratch.file("kept/inner")))
  }
}
