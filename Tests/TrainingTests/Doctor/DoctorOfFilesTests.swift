import Testing

@testable import Training

/// What the doctor says of invented data sets and run folders.
@Suite struct DoctorOfFilesTests {
  private let data = DatasetCheck(path: "/data/set")

  @Test func theSameDataSetOnAllRanks() {
    let verdict = data.judge(seen(["a", "b"]) { _ in .init(fingerprint: "0123456789") })
    expectWell(verdict)
    #expect(verdict.remarks.first?.hasPrefix("data: /data/set is the same on all ranks (01234567)") == true)
    #expect(DatasetCheck(path: nil).judge(seen(["a"]) { _ in .init() }).notChecked.count == 1)
  }

  @Test func aDataSetThatIsNotThere() {
    let missing = DatasetCheck.Observation(problem: "/data/set: not found", isMissing: true)
    expectFinding(
      data.judge(seen(["a", "b", "b"]) { $0 == 0 ? .init(fingerprint: "01") : missing }),
      "ranks 1-2 on b: /data/set: not found", "rsync -a a:/data/set/ /data/set/")
    expectFinding(data.judge(seen(["a", "b"]) { _ in missing }), "rank 0 on a and rank 1 on b", "check the path")
  }

  @Test func anotherDataSet() {
    expectFinding(
      data.judge(seen(["a", "b"]) { .init(fingerprint: "\($0)") }), "rank 1 on b: /data/set is another data set",
      "rank 0 on a")
    expectFinding(
      data.judge(seen(["a", "b"]) { $0 == 0 ? .init(fingerprint: "0") : .init(problem: "offsets are damaged") }),
      "rank 1 on b: offsets are damaged", "data inspect")
  }

  private func run(_ change: (inout RunFolderCheck.Observation) -> Void) -> Verdict {
    var observation = RunFolderCheck.Observation(
      folder: "/runs/new", fileSyncSeconds: 2e-3, folderSyncSeconds: 1e-3, freeBytes: 2 << 30)
    change(&observation)
    return RunFolderCheck(path: "/runs/new").judge(seen(["a", "b"]) { $0 == 0 ? observation : .init() })
  }

  @Test func aGoodRunFolder() {
    let verdict = run { _ in }
    expectWell(verdict)
    #expect(
      verdict.remarks == [
        "run: /runs/new written, renamed and linked; a file synced in 2 ms, a folder in 1 ms, 2.0 GiB free"
      ], "\(verdict)")
    #expect(RunFolderCheck(path: nil).judge(seen(["a"]) { _ in .init() }).notChecked.count == 1)
    #expect(run { $0.freeBytes = nil }.notChecked.count == 1)
  }

  @Test func aRunFolderThatCannotBeWritten() {
    expectFinding(
      run {
        $0.problem = "/runs/new: create failed: Read-only file system"
        ($0.fileSyncSeconds, $0.freeBytes) = (nil, 0)
      }, "a, rank 0: /runs/new: create failed: Read-only file system", "ls -ld /runs/new")
  }

  @Test func aRunFolderWithoutWhatIsAboveIt() {
    expectFinding(
      run { ($0.folder, $0.hasParent) = ("/", false) }, "/runs is not there; the nearest folder that is: /",
      "mkdir -p /runs")
  }

  @Test func slowSyncs() { expectFinding(run { $0.folderSyncSeconds = 2.5 }, "takes 2.5 s", "checkpointEvery") }

  @Test func room() {
    expectFinding(run { $0.freeBytes = 1 << 29 }, "512.0 MiB are free", "at least 1.0 GiB")
    expectWell(run { ($0.freeBytes, $0.checkpointBytes) = (1 << 29, 1 << 27) })
    let finding = expectFinding(run { $0.checkpointBytes = 3 << 29 }, "2.0 GiB are free", "at least 3.0 GiB")
    #expect(finding?.why.contains("newest checkpoint has 1.5 GiB") == true)
  }
}
