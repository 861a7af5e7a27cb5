import ArrayFiles
import Foundation
import Testing

@testable import Checkpoints

/// Who may write to a RUN.
@Suite struct RunLockTests {
  private func take(_ scratch: Scratch, host: String = "here", job: String? = nil) throws -> RunLock {
    try RunLock.take(run: scratch.run, host: host, job: job, observe: { _ in })
  }

  private func attempts(_ scratch: Scratch) throws -> [String] {
    try AtomicFile.names(inFolder: scratch.run + "/attempts")
  }

  @Test func aSecondJobIsRefusedWhileTheFirstLives() throws {
    let scratch = try Scratch()
    let first = try take(scratch)
    #expect(first.holder.attempt == 1)
    let error = #expect(throws: RunLockError.self) { _ = try take(scratch) }
    #expect(error == .held(run: scratch.run, holder: first.holder))
    #expect("\(error!)".contains("process \(getpid()) on here"), "\(error!)")
    try first.check()
    try first.release()
    #expect(try take(scratch).holder.attempt == 2)
    #expect(try attempts(scratch) == ["00000001.json", "00000002.json"])
  }

  @Test func onAnotherHostSignsOfLifeAreWaitedFor() throws {
    let scratch = try Scratch()
    let first = try take(scratch, host: "there")
    let start = Date()
    #expect(throws: RunLockError.held(run: scratch.run, holder: first.holder)) { _ = try take(scratch) }
    #expect(Date().timeIntervalSince(start) < 8, "its file is touched every two seconds")
  }

  @Test func aDeadProcessHoldsNothing() throws {
    let scratch = try Scratch()
    let first = try take(scratch)
    // As another process left it that is no more: its number is used again by one that started later.
    let path = scratch.run + "/attempts/00000001.json"
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    let changed = text.replacingOccurrences(
      of: #""processStart"\s*:\s*"\d+""#, with: #""processStart" : "1""#, options: .regularExpression)
    #expect(changed != text)
    try AtomicFile.write(changed, to: path)
    #expect(try take(scratch).holder.attempt == 2)
    // The one that was taken for dead must not write any more.
    let error = #expect(throws: RunLockError.self) { try first.check() }
    #expect("\(error!)".contains("taken over by attempt 2"), "\(error!)")
  }

  @Test func theNextAttemptOfASupervisedJobTakesOver() throws {
    let scratch = try Scratch()
    let first = try take(scratch, job: "night")
    #expect(throws: RunLockError.self) { _ = try take(scratch, job: "day") }
    let second = try take(scratch, job: "night")
    #expect(second.holder.attempt == 2)
    #expect(throws: RunLockError.self) { try first.check() }
    // Nothing that the first one writes appears.
    let store = CheckpointStore(run: scratch.run)
    #expect(throws: RunLockError.self) { try store.publish(snapshot(3), keep: 2, lock: first) }
    #expect(try store.steps().isEmpty)
    #expect(scratch.names.isEmpty, "\(scratch.names)")
    try store.publish(snapshot(4), keep: 2, lock: second)
    #expect(try store.steps() == [4])
    // Stopped behind its folder and before its link, as a rank may be for seconds: the link is not turned back.
    try store.publish(snapshot(2), keep: 2)
    try store.point(.latest, at: 4, lock: second)
    #expect(throws: RunLockError.self) { try store.point(.latest, at: 2, lock: first) }
    #expect(try store.step(of: .latest) == 4)
  }

  @Test func unreadableEntriesAreNoLivingJobs() throws {
    let scratch = try Scratch()
    try AtomicFile.createFolder(scratch.run + "/attempts")
    for (name, text) in [("00000007.json", ""), ("note.txt", "kept"), ("00000003.json", "{}")] {
      try AtomicFile.write(text, to: scratch.run + "/attempts/" + name)
    }
    #expect(try take(scratch).holder.attempt == 8)
  }

  @Test func oldEntriesGo() throws {
    let scratch = try Scratch()
    for attempt in 1...30 {
      let lock = try take(scratch)
      #expect(lock.holder.attempt == attempt)
      try lock.release()
    }
    #expect(try attempts(scratch).count <= 22)
    #expect(try attempts(scratch).last == "00000030.json")
  }

  @Test func twoAtOnceAreTwoAttempts() async throws {
    let scratch = try Scratch()
    let run = scratch.run
    let taken = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try RunLock.take(run: run, host: "here", job: "one job", observe: { _ in }).holder.attempt
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(taken.sorted() == Array(1...8))
  }
}
