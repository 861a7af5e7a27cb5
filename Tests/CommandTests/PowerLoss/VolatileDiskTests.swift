import TestSupport
import Testing

/// The model of a disk, by hand: what must be found, what may, and what never.
@Suite struct VolatileDiskTests {
  private func record(
    _ operation: FileRecord.Operation, _ path: String = "", _ other: String = "", descriptor: Int = -1, offset: Int = 0,
    _ bytes: [UInt8] = []
  ) -> FileRecord {
    FileRecord(
      operation: operation, descriptor: descriptor, offset: offset, path: path, other: other, bytes: bytes)
  }

  /// All that may be found after some calls, of many draws.
  private func found(_ records: [FileRecord], in before: FileTree = .folder([:])) throws -> Set<FileTree> {
    var disk = VolatileDisk(holding: before)
    for record in records { try disk.apply(record) }
    var numbers = Numbers(seed: 1)
    return Set((0..<200).flatMap { _ in VolatileDisk.Loss.allCases.map { disk.tree(after: $0, &numbers) } })
  }

  private func folder(_ content: [String: FileTree]) -> FileTree { .folder(content) }

  private var writing: [FileRecord] {
    [record(.create, "/a", descriptor: 3), record(.write, "/a", descriptor: 3, [1, 2])]
  }
  private let fileSync = FileRecord(operation: .sync, descriptor: 3, offset: 0, path: "/a", other: "", bytes: [])
  private var folderSync: [FileRecord] {
    [record(.open, "/", descriptor: 4), record(.sync, "/", descriptor: 4), record(.close, "/", descriptor: 4)]
  }

  @Test func contentAndNameAreSyncedEachByItself() throws {
    let (none, empty) = (folder([:]), folder(["a": .file([])]))
    let (zeros, whole) = (folder(["a": .file([0, 0])]), folder(["a": .file([1, 2])]))
    #expect(try found(writing) == [none, empty, zeros, whole])
    #expect(try found(writing + [fileSync]) == [none, whole])
    #expect(try found(writing + folderSync) == [empty, zeros, whole])
    #expect(try found(writing + [fileSync] + folderSync) == [whole])
  }

  @Test func aRenameIsWholeAndKeepsToNoOrder() throws {
    let before = folder(["a": .file([1]), "b": .file([2])])
    let rename = record(.rename, "/a", "/b")
    #expect(try found([rename], in: before) == [before, folder(["b": .file([1])])])
    #expect(try found([rename] + folderSync, in: before) == [folder(["b": .file([1])])])
    #expect(
      try found([record(.exchange, "/a", "/b")], in: before) == [before, folder(["a": .file([2]), "b": .file([1])])])
    let later = record(.symlink, "b", "/c")
    #expect(
      try found([rename, later], in: before).contains(folder(["a": .file([1]), "b": .file([2]), "c": .link("b")])))
  }

  @Test func aFolderMayBeEmptiedBeforeItIsRenamed() throws {
    let inside = folder(["f": .file([1])])
    let calls = [record(.rename, "/s", "/.s"), record(.unlink, "/.s/f")]
    #expect(
      try found(calls, in: folder(["s": inside]))
        == [folder(["s": inside]), folder(["s": folder([:])]), folder([".s": inside]), folder([".s": folder([:])])])
    #expect(
      try found([calls[0]] + folderSync + [calls[1]], in: folder(["s": inside]))
        == [folder([".s": inside]), folder([".s": folder([:])])])
  }

  @Test func appendedBlocksComeInAnyOrderAndWhatWasSyncedStays() throws {
    let (old, new) = ([UInt8](repeating: 1, count: 700), [UInt8](repeating: 2, count: 900))
    let calls = [record(.open, "/a", descriptor: 3), record(.write, "/a", descriptor: 3, offset: 700, new)]
    let files = try found(calls, in: folder(["a": .file(old)])).map { tree -> [UInt8] in
      guard case .file(let bytes) = tree["a"] else { return [] }
      return bytes
    }
    #expect(files.allSatisfy { $0.starts(with: old) })
    #expect(Set(files.map(\.count)).isSuperset(of: [700, 1024, 1536, 1600]))
    // A later block without the one before it.
    #expect(files.contains { $0.count == 1600 && $0[1000] == 0 && $0[1100] == 2 })
    #expect(files.contains(old + new))
  }
}
