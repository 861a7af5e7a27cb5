import ArrayFiles
import Checkpoints
import Foundation
import Testing

@Suite struct CheckpointStoreTests {
  @Test func whatIsPublishedComesBack() throws {
    let scratch = try Scratch()
    let saved = snapshot(200)
    try scratch.store.publish(saved, keep: 3)
    #expect(scratch.names == ["latest", "step-00000200"])
    #expect(
      try AtomicFile.names(inFolder: scratch.store.folder(step: 200).path)
        == ["MANIFEST.json", "model.safetensors", "optimizer.safetensors", "state.json"])
    let choice = try scratch.store.newestGood()
    #expect(choice.refused.isEmpty)
    let content = try #require(choice.folder).load()
    #expect(content.step == 200)
    #expect(Set(content.model.map(\.name)) == Set(saved.model.map(\.name)))
    for tensor in saved.model { #expect(content.model.contains(tensor), "\(tensor.name)") }
    #expect(content.optimizer == saved.optimizer)
    #expect(content.state == saved.state)
    #expect(content.made == ["host": "here"])
    #expect(try scratch.store.folder(step: 200).loadModel().model == content.model)
  }

  @Test func onlyTheManifestKnowsWhereItWasMade() throws {
    let first = try Scratch()
    let second = try Scratch()
    try first.store.publish(snapshot(5, made: ["host": "one", "ranks": "1"]), keep: 1)
    try second.store.publish(snapshot(5, made: ["host": "two", "ranks": "8"]), keep: 1)
    for name in ["model.safetensors", "optimizer.safetensors", "state.json"] {
      #expect(try AtomicFile.read(first.file(5, name)) == AtomicFile.read(second.file(5, name)), "\(name)")
    }
    #expect(try AtomicFile.read(first.file(5, "MANIFEST.json")) != AtomicFile.read(second.file(5, "MANIFEST.json")))
  }

  @Test func theNewestAreKeptAndWhatTheLinksName() throws {
    let scratch = try Scratch()
    for step in 1...6 { try scratch.store.publish(snapshot(step, isBest: step == 2), keep: 2) }
    #expect(scratch.names == ["best", "latest", "step-00000002", "step-00000005", "step-00000006"])
    #expect(try scratch.store.steps() == [2, 5, 6])
    #expect(try scratch.store.step(of: .best) == 2)
    #expect(try scratch.store.step(of: .latest) == 6)
    #expect(AtomicFile.targetOfSymbolicLink(at: "\(scratch.store.path)/best") == "step-00000002")
    try scratch.store.publish(snapshot(7, isBest: true), keep: 1)
    #expect(scratch.names == ["best", "latest", "step-00000007"])
  }

  @Test func aStepIsPublishedAgainInPlaceOfADamagedOne() throws {
    let scratch = try Scratch()
    for step in [1, 2, 3] { try scratch.store.publish(snapshot(step), keep: 3) }
    for step in [2, 3] { try scratch.change(scratch.file(step, "model.safetensors")) { $0.removeAll() } }
    #expect(try scratch.store.newestGood().folder?.name == "step-00000001")
    try scratch.store.publish(snapshot(2), keep: 3)
    #expect(scratch.names == ["latest", "step-00000001", "step-00000002", "step-00000003"], "later ones stay")
    #expect(try scratch.store.step(of: .latest) == 2)
    let choice = try scratch.store.newestGood()
    #expect(choice.folder?.name == "step-00000002")
    #expect(choice.refused.map(\.name) == ["step-00000003"])
    try scratch.store.publish(snapshot(3), keep: 3)
    #expect(try scratch.store.newestGood().refused.isEmpty)
  }

  @Test func aWriterThatDiedLeavesNothingBehind() throws {
    let scratch = try Scratch()
    try scratch.store.publish(snapshot(1), keep: 3)
    try AtomicFile.createFolder("\(scratch.store.path)/.step-00000002.4711.tmp")
    try AtomicFile.write("half", to: "\(scratch.store.path)/.step-00000002.4711.tmp/model.safetensors")
    try AtomicFile.write("half", to: "\(scratch.run)/.metrics.jsonl.4711.tmp")
    try AtomicFile.replaceSymbolicLink(at: "\(scratch.store.path)/.latest.4711.tmp", target: "step-00000002")
    try AtomicFile.move(scratch.store.folder(step: 1).path, to: "\(scratch.store.path)/.step-00000001.replaced")
    #expect(throws: FileError.self) { try scratch.store.newestGood() }
    try scratch.store.prepareForWriting()
    #expect(scratch.names == ["latest", "step-00000001"])
    #expect(try AtomicFile.names(inFolder: scratch.run) == ["checkpoints"])
    #expect(try scratch.store.newestGood().folder?.name == "step-00000001")
  }

  @Test func aRunWithoutCheckpointsStartsAfresh() throws {
    let scratch = try Scratch()
    #expect(try scratch.store.newestGood().folder == nil)
    try scratch.store.prepareForWriting()
    #expect(try scratch.store.newestGood().folder == nil)
    #expect(try scratch.store.step(of: .latest) == nil)
  }

  @Test func aFolderWithoutLinksIsFound() throws {
    let scratch = try Scratch()
    for step in [9, 10] { try scratch.store.publish(snapshot(step), keep: 3) }
    try AtomicFile.remove("\(scratch.store.path)/latest")
    let choice = try scratch.store.newestGood()
    #expect(choice.folder?.name == "step-00000010")
    #expect(choice.refused.isEmpty)
  }

  @Test func otherNamesAreNoSteps() throws {
    let scratch = try Scratch()
    try scratch.store.publish(snapshot(123_456_789), keep: 3)
    for name in ["step-1", "step-000000001", "step--0000001", "step-00000001.tmp", "step-", "steps"] {
      try AtomicFile.createFolder("\(scratch.store.path)/\(name)")
    }
    #expect(try scratch.store.steps() == [123_456_789])
  }

  @Test func aFileInPlaceOfTheFolderIsSaid() throws {
    let scratch = try Scratch()
    try AtomicFile.write("x", to: scratch.store.path)
    #expect(
      throws: FileError.damaged(
        path: scratch.store.path, reason: "a file stands where a folder is meant; move it away")
    ) { try scratch.store.prepareForWriting() }
  }
}
