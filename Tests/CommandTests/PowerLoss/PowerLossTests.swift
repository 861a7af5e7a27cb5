import Foundation
import TestSupport
import Testing

extension Commands {
  /// The power goes in the midst of a training: whatever of the writes, names and removals that were not synced is found
  /// on the disk, the same command goes on by itself, from the last published checkpoint or a later one, and ends with
  /// the bits of an undisturbed run.
  ///
  /// What a disk may be found to hold: ``VolatileDisk``. `launch/test --faults` tries hundreds of states.
  @Suite(.serialized) struct PowerLossTests {
    private static let steps = 16

    /// The training without its `--out`.
    private static let command = Result {
      let data = Workplace.place("few")
      try lockstep("data generate \(data) --sequences 24 --lengths 32..96 --classes 3 --unlabelled 0.3 --seed 5")
      // More than 4096 bytes of metrics; checkpoints of due steps, of best ones and of both; old ones are removed.
      let recipe = try Workplace.file(
        "recipe.yaml",
        """
        model:
          input: {kind: categories}
          encoder: {kind: resnet, width: 4, blocks: 1}
        objective: {kind: masked, ratio: 0.4, span: 2}
        batch: {timesteps: 1024, sequences: 6, lanes: 2}
        optimizer: {kind: adamw, learningRate: 0.01}
        schedule: {kind: cosine, warmupSteps: 3}
        training: {steps: \(steps), seed: 3, validateEvery: 4, checkpointEvery: 6, keep: 1}
        """)
      return ["pretrain", recipe, "--data", data]
    }

    /// An undisturbed run of which nothing was recorded.
    private static let reference = Result {
      let run = TrainedRun(path: Workplace.place("run"))
      let result = try MPIRun.runAlone("lockstep", try command.get() + ["--out", run.path])
      #expect(result.code == 0, "\(result.summary)")
      return run
    }

    /// From nothing to the end.
    private static let whole = Result { try RecordedRun(try command.get()) }

    /// From where a loss of power left it, a checkpoint newer than the one that `latest` names, to the end: metrics are
    /// cut back, and the newer checkpoint is exchanged for the same again.
    private static let resumed = Result {
      let (latest, newer) = (RecordedRun.run + "/checkpoints/latest", RecordedRun.run + "/checkpoints/step-00000012")
      let between = try whole.get().losses(seed: 1).last {
        $0.state.tree[latest] == .link("step-00000008") && $0.state.tree[newer] != nil
      }
      return try RecordedRun(try command.get(), in: try #require(between).state.tree)
    }

    @Test func theJournalHoldsAllThatWasDone() throws {
      for recorded in [try Self.whole.get(), try Self.resumed.get()] {
        var disk = VolatileDisk(holding: recorded.before)
        for record in recorded.records { try disk.apply(record) }
        var numbers = Numbers(seed: 0)
        #expect(disk.tree(after: .nothing, &numbers).difference(from: recorded.after) == nil)
        try recorded.run.expectSameBits(as: try Self.reference.get(), at: Self.steps, "under the journal")
      }
      #expect(try Self.resumed.get().records.contains { $0.operation == .exchange })
      #expect(try Self.resumed.get().records.contains { $0.other.hasSuffix("/metrics.jsonl") })
    }

    @Test func aRunGoesOnAfterALossOfPower() throws {
      let (whole, resumed) = FaultTests.isLong ? (400, 200) : (40, 20)
      try expectToGoOn(chosen(whole, of: Self.whole.get().losses(seed: 2), seed: 3))
      try expectToGoOn(chosen(resumed, of: Self.resumed.get().losses(seed: 4), seed: 5))
    }

    /// A program that left a sync out, as the disk sees it.
    enum Omission: String, CaseIterable {
      case ofFolders, ofFiles, ofMetrics, ofWeights, ofTheRunsFolder, ofTheCheckpointsFolder, ofTheFolderAround

      func honours(_ record: FileRecord, isFolder: Bool) -> Bool {
        switch self {
        case .ofFolders: !isFolder
        case .ofFiles: isFolder
        case .ofMetrics: !record.path.hasSuffix("/metrics.jsonl")
        case .ofWeights: !record.path.hasSuffix("/model.safetensors")
        case .ofTheRunsFolder: !record.path.hasSuffix(RecordedRun.run)
        case .ofTheCheckpointsFolder: !record.path.hasSuffix("/checkpoints")
        case .ofTheFolderAround: record.path != "/new"
        }
      }
    }

    /// The test of the tests: each sync that is left out is found out within a few states.
    @Test(arguments: Omission.allCases) func aMissingSyncIsFound(omission: Omission) throws {
      let losses = try Self.whole.get().losses(seed: 6) { omission.honours($0, isFolder: $1) }
        .filter { $0.state.promised > 0 }
      let found = try firstFailure(among: chosen(24, of: losses, seed: 7))
      #expect(found != nil, "a missing sync \(omission) was not found")
      if let found { print("a missing sync \(omission) was found: \(found)") }
    }

    // MARK: Going on

    private func expectToGoOn(_ losses: [PowerLoss]) throws {
      #expect(losses.count > 10)
      try goOn(losses) { loss, failure in
        #expect(failure == nil, "\(loss.words): \(failure!)")
        if failure == nil { FaultLog.add("power lost while \(loss.phase.rawValue)", "goes on by itself; same bits") }
        return true
      }
    }

    private func firstFailure(among losses: [PowerLoss]) throws -> String? {
      var found: String?
      try goOn(losses) { loss, failure in
        if found == nil, let failure { found = "\(loss.words): \(failure)" }
        return found == nil
      }
      return found
    }

    /// Of every phase and every kind of loss, some.
    private func chosen(_ count: Int, of losses: [PowerLoss], seed: UInt64) -> [PowerLoss] {
      var numbers = Numbers(seed: seed)
      var kinds = Dictionary(grouping: losses.indices) { "\(losses[$0].phase) \(losses[$0].loss)" }
        .sorted { $0.key < $1.key }.map(\.value)
      var chosen: [PowerLoss] = []
      while chosen.count < count, !kinds.isEmpty {
        // Each kind once a round, in an order of its own, so that the last round favours none.
        var round = Array(kinds.indices)
        while chosen.count < count, !round.isEmpty {
          let kind = round.remove(at: numbers.integer(below: round.count))
          chosen.append(losses[kinds[kind].remove(at: numbers.integer(below: kinds[kind].count))])
        }
        kinds.removeAll(where: \.isEmpty)
      }
      return chosen
    }

    /// Goes on from each state, four at a time (a start is mostly waiting), and judges: `body` gets what went wrong, and
    /// says whether to do more.
    private func goOn(_ losses: [PowerLoss], _ body: (PowerLoss, _ failure: String?) -> Bool) throws {
      var running: [(loss: PowerLoss, place: String, job: MPIRun.Job)] = []
      var (rest, wantsMore) = (losses[...], true)
      while wantsMore && !rest.isEmpty || !running.isEmpty {
        if wantsMore, running.count < 4, let loss = rest.popFirst() {
          let place = Workplace.place("found")
          try loss.state.tree.write(to: place)
          let arguments = try Self.command.get() + ["--out", place + "/" + RecordedRun.run]
          // Starts at the same time would get into each other's way in Open MPI's one folder for a user's jobs.
          let own = place + "/session"
          try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
          let job = try MPIRun.startAlone("lockstep", arguments, environment: ["OMPI_MCA_orte_tmpdir_base": own])
          running.append((loss, place, job))
        } else {
          let (loss, place, job) = running.removeFirst()
          let result = job.wait()
          let failure = try failure(result, TrainedRun(path: place + "/" + RecordedRun.run), loss.state.promised)
          wantsMore = body(loss, failure) && wantsMore
          try FileManager.default.removeItem(atPath: place)
        }
      }
    }

    /// What is wrong with a run that went on; nil where nothing is.
    private func failure(_ result: MPIRun.Result, _ run: TrainedRun, _ promised: Int) throws -> String? {
      guard result.code == 0 else { return result.summary }
      let stood = result.errors.firstMatch(of: /(resuming from step-|is finished at step )(\d+)/).flatMap { Int($0.2) }
      if stood ?? 0 < promised { return "went on from step \(stood ?? 0): \(result.errors)" }
      let reference = try Self.reference.get()
      if let difference = try run.metricsDifference(from: reference) { return difference }
      for link in ["latest", "best"] where run.step(of: link) != reference.step(of: link) {
        return "\(link) names step \(run.step(of: link) ?? 0), expected \(reference.step(of: link) ?? 0)"
      }
      if let difference = try run.difference(from: reference, at: Self.steps) { return difference }
      for file in ["recipe.yaml", "run.json", "encoder/encoder.safetensors", "encoder/config.json"] {
        guard exists(run.path + "/" + file) else { return "\(file) is not there" }
        if let difference = try firstDifference(run.path + "/" + file, reference.path + "/" + file) {
          return "\(file): \(difference)"
        }
      }
      let left = try (names(run.path) + names(run.path + "/checkpoints")).filter { $0.hasPrefix(".") }
      return left.isEmpty ? nil : "left behind: \(left)"
    }
  }
}
