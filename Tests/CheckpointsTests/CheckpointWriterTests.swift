import ArrayFiles
import Checkpoints
import Foundation
import Testing

@Suite struct CheckpointWriterTests {
  @Test func checkpointsAppearInOrder() throws {
    let scratch = try Scratch()
    let writer = CheckpointWriter(store: scratch.store, keep: 2)
    for step in 1...4 {
      try writer.write(snapshot(step, count: 10_000))
      #expect(try scratch.store.steps().allSatisfy { $0 <= step })
    }
    try writer.finish()
    try writer.finish()
    #expect(try scratch.store.steps() == [3, 4])
    #expect(try scratch.store.newestGood().folder?.load().model.last?.elements.count == 10_000)
  }

  @Test func droppingTheWriterFinishesWhatItBegan() throws {
    let scratch = try Scratch()
    do {
      let writer = CheckpointWriter(store: scratch.store, keep: 2)
      try writer.write(snapshot(1))
    }
    #expect(try scratch.store.newestGood().folder?.name == "step-00000001")
  }

  @Test func whatWentWrongIsThrownByTheNextCall() throws {
    let scratch = try Scratch()
    try AtomicFile.write("in the way", to: scratch.store.path)
    let writer = CheckpointWriter(store: scratch.store, keep: 2)
    try writer.write(snapshot(1))
    #expect(throws: FileError.self) { try writer.write(snapshot(2)) }
    try writer.finish()
    try writer.write(snapshot(3))
    #expect(throws: FileError.self) { try writer.finish() }
    try AtomicFile.remove(scratch.store.path)
    try writer.write(snapshot(4))
    try writer.finish()
    #expect(try scratch.store.steps() == [4])
  }

  /// In a process of its own, because a bound on file sizes is the process's. A small file system of its own says
  /// ENOSPC; where mounting one is not allowed, the bound on file sizes says EFBIG in its place.
  @Test func aFullDiskLeavesEverythingElseAsItWas() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let isMounted = mount("none", scratch.run, "tmpfs", 0, "size=256k") == 0
      defer { if isMounted { umount2(scratch.run, 2) } }
      if !isMounted {
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      }
      try scratch.store.publish(snapshot(1), keep: 3)
      let before = try AtomicFile.read(scratch.file(1, "MANIFEST.json"))
      let code = isMounted ? ENOSPC : EFBIG
      do {
        try scratch.store.publish(snapshot(2, count: 200_000), keep: 3)
        exit(2)
      } catch {
        guard case FileError.inputOutput(_, "write", code) = error else {
          print("expected write to fail with \(code), got \(error)")
          exit(3)
        }
      }
      guard scratch.names == ["latest", "step-00000001"],
        try AtomicFile.read(scratch.file(1, "MANIFEST.json")) == before,
        try scratch.store.newestGood().folder?.name == "step-00000001"
      else {
        print("left behind: \(scratch.names)")
        exit(4)
      }
      try scratch.store.publish(snapshot(3), keep: 3)
      guard try scratch.store.newestGood().folder?.name == "step-00000003" else { exit(5) }
    }
  }
}
