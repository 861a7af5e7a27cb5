import ArrayFiles
import Checkpoints
import Foundation
import Testing

/// Whatever happens to the newest checkpoint, it is refused with its reason and the one before is used.
@Suite struct CheckpointDamageTests {
  /// What is done to the folder of step 2, and a part of the reason that must be told.
  struct Damage: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let reason: String
    let apply: @Sendable (Scratch) throws -> Void
  }

  private static let files = ["model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"]

  private static let truncations = files.flatMap { name in
    ["0", "7", "8", "half", "all but one"].map { length in
      Damage(testDescription: "\(name) truncated to \(length)", reason: name) { scratch in
        try scratch.change(scratch.file(2, name)) { bytes in
          let kept = ["0": 0, "7": 7, "8": 8, "half": bytes.count / 2][length] ?? bytes.count - 1
          bytes.removeLast(bytes.count - kept)
        }
      }
    }
  }

  private static let removals = files.map { name in
    Damage(testDescription: "\(name) missing", reason: "\(name): is missing") { scratch in
      try AtomicFile.remove(scratch.file(2, name))
    }
  }

  private static let others = [
    Damage(testDescription: "a bit of the header", reason: "model.safetensors: its SHA-256 is") { scratch in
      try scratch.change(scratch.file(2, "model.safetensors")) { $0[20] ^= 1 }
    },
    Damage(testDescription: "a bit of the last element", reason: "optimizer.safetensors: its SHA-256 is") { scratch in
      try scratch.change(scratch.file(2, "optimizer.safetensors")) { $0[$0.count - 1] ^= 128 }
    },
    Damage(testDescription: "a header of 2^63 bytes", reason: "model.safetensors: its SHA-256 is") { scratch in
      try scratch.change(scratch.file(2, "model.safetensors")) {
        $0.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0, 0, 0, 128])
      }
    },
    Damage(testDescription: "a byte too many", reason: "state.json: holds") { scratch in
      try scratch.change(scratch.file(2, "state.json")) { $0.append(10) }
    },
    Damage(testDescription: "two files swapped", reason: "model.safetensors: holds") { scratch in
      let aside = scratch.file(2, "aside")
      try AtomicFile.move(scratch.file(2, "model.safetensors"), to: aside)
      try AtomicFile.move(scratch.file(2, "optimizer.safetensors"), to: scratch.file(2, "model.safetensors"))
      try AtomicFile.move(aside, to: scratch.file(2, "optimizer.safetensors"))
    },
    Damage(testDescription: "another step's files", reason: "tells of step 1, the folder's name of step 2") { scratch in
      try FileManager.default.removeItem(atPath: scratch.store.folder(step: 2).path)
      try FileManager.default.copyItem(
        atPath: scratch.store.folder(step: 1).path, toPath: scratch.store.folder(step: 2).path)
    },
    Damage(testDescription: "one file of another step", reason: "model.safetensors: its SHA-256 is") { scratch in
      try scratch.change(scratch.file(2, "model.safetensors")) {
        $0 = (try? AtomicFile.read(scratch.file(1, "model.safetensors"))) ?? []
      }
    },
    Damage(testDescription: "a folder in place of a file", reason: "state.json: is not a regular file") { scratch in
      try AtomicFile.remove(scratch.file(2, "state.json"))
      try AtomicFile.createFolder(scratch.file(2, "state.json"))
    },
    Damage(testDescription: "the folder gone", reason: "latest: names step-00000002, which is not there") { scratch in
      try AtomicFile.remove(scratch.store.folder(step: 2).path)
    },
    Damage(testDescription: "a file in place of the folder", reason: "latest: names step-00000002, which is not there")
    {
      scratch in
      try AtomicFile.remove(scratch.store.folder(step: 2).path)
      try AtomicFile.write("", to: scratch.store.folder(step: 2).path)
    },
    Damage(testDescription: "latest a dangling link", reason: "latest: names step-00000009, which is not there") {
      scratch in
      try AtomicFile.remove(scratch.store.folder(step: 2).path)
      try AtomicFile.replaceSymbolicLink(at: "\(scratch.store.path)/latest", target: "step-00000009")
    },
    Damage(testDescription: "latest names nonsense", reason: "latest: names '../..', which is no checkpoint's name") {
      scratch in
      try AtomicFile.remove(scratch.store.folder(step: 2).path)
      try AtomicFile.replaceSymbolicLink(at: "\(scratch.store.path)/latest", target: "../..")
    },
    Damage(testDescription: "latest an empty file", reason: "latest: is no symbolic link") { scratch in
      try AtomicFile.remove(scratch.store.folder(step: 2).path)
      try AtomicFile.write("", to: "\(scratch.store.path)/latest")
    },
  ]

  @Test(arguments: truncations + removals + others)
  func theOneBeforeIsUsed(damage: Damage) throws {
    let scratch = try Scratch()
    for step in [1, 2] { try scratch.store.publish(snapshot(step), keep: 3) }
    try damage.apply(scratch)
    let choice = try scratch.store.newestGood()
    #expect(choice.folder?.name == "step-00000001")
    #expect(try choice.folder?.load().step == 1)
    let told = choice.refused.map(\.description).joined(separator: "; ")
    #expect(told.contains(damage.reason), "\(told)")
  }

  @Test func everyFlippedByteOfTheManifestIsNoticed() throws {
    let scratch = try Scratch()
    try scratch.store.publish(snapshot(2), keep: 3)
    let path = scratch.file(2, "MANIFEST.json")
    let good = try AtomicFile.read(path)
    for position in good.indices {
      try scratch.change(path) { $0[position] ^= UInt8(1 << (position % 8)) }
      #expect(throws: FileError.self, "byte \(position) of \(good.count)") {
        try scratch.store.folder(step: 2).verify()
      }
      try Data(good).write(to: URL(fileURLWithPath: path))
    }
    try scratch.store.folder(step: 2).verify()
  }

  @Test func aNewerFolderThatIsNotCompleteIsTold() throws {
    let scratch = try Scratch()
    for step in [1, 2] { try scratch.store.publish(snapshot(step), keep: 3) }
    try AtomicFile.createFolder(scratch.store.folder(step: 3).path)
    let choice = try scratch.store.newestGood()
    #expect(choice.folder?.name == "step-00000002")
    #expect(
      choice.refused.map(\.description) == [
        "step-00000003 refused: \(scratch.file(3, "MANIFEST.json")): is missing: the checkpoint is not complete"
      ])
  }

  @Test func latestGarbageFallsBackToTheNewest() throws {
    let scratch = try Scratch()
    for step in [1, 2] { try scratch.store.publish(snapshot(step), keep: 3) }
    try AtomicFile.remove("\(scratch.store.path)/latest")
    try AtomicFile.write("step-00000001", to: "\(scratch.store.path)/latest")
    let choice = try scratch.store.newestGood()
    #expect(choice.folder?.name == "step-00000002")
    #expect(choice.refused.map(\.name) == ["latest"])
    try scratch.store.publish(snapshot(3), keep: 3)
    #expect(try scratch.store.step(of: .latest) == 3, "publishing mends the link")
  }

  @Test func aHistoryOfWhichNothingIsWholeIsAnError() throws {
    let scratch = try Scratch()
    for step in [1, 2] {
      try scratch.store.publish(snapshot(step), keep: 3)
      try scratch.change(scratch.file(step, "model.safetensors")) { $0[100] ^= 4 }
    }
    do throws(FileError) {
      _ = try scratch.store.newestGood()
      Issue.record("a damaged history was taken for none")
    } catch {
      guard case .damaged(let path, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(path == scratch.store.path)
      #expect(reason.contains("step-00000002 refused: ") && reason.contains("step-00000001 refused: "))
    }
    for step in [1, 2] { try AtomicFile.remove(scratch.store.folder(step: step).path) }
    #expect(throws: FileError.self, "a link to nothing is a history too") { try scratch.store.newestGood() }
  }

  @Test func anotherVersionIsSaid() throws {
    let scratch = try Scratch()
    try scratch.store.publish(snapshot(2), keep: 3)
    try scratch.change(scratch.file(2, "MANIFEST.json")) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      let seal = text.split(separator: "\"").first { $0.count == 64 && text.contains("\"seal\" : \"\($0)\"") }!
      let blank = text.replacingOccurrences(of: "\"version\" : 1", with: "\"version\" : 2")
        .replacingOccurrences(of: seal, with: String(repeating: "0", count: 64))
      let sealed = blank.replacingOccurrences(
        of: String(repeating: "0", count: 64), with: Checksum.sha256(Array(blank.utf8)))
      bytes = Array(sealed.utf8)
    }
    #expect(
      throws: FileError.damaged(
        path: scratch.file(2, "MANIFEST.json"),
        reason: "is lockstep-checkpoint version 2; this program knows lockstep-checkpoint version 1")
    ) { try scratch.store.folder(step: 2).verify() }
  }

  @Test func aCheckpointThatIsNotThereIsMissing() throws {
    let scratch = try Scratch()
    #expect(
      throws: FileError.missing(path: scratch.store.folder(step: 5).path, advice: "name a checkpoint that is there")
    ) { try scratch.store.folder(step: 5).load() }
  }
}
