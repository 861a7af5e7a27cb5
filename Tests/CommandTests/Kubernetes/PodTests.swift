import Foundation
import TestSupport
import Testing

private let isLong = ProcessInfo.processInfo.environment["LOCKSTEP_CLUSTER"] != nil

extension Commands.KubernetesTests {
  /// What the manifest runs, in namespaces of this machine: the entrypoint and supervision in a launcher, sshd as an ordinary
  /// user in two workers, the key where the operator mounts it.
  @Suite(.enabled(if: isLong, "a long form: launch/test --cluster runs it"))
  struct PodTests {
    @Test func evictedPodsGoOnWithTheSameBits() throws {
      var experiment = try Experiment.masked.get()
      experiment.steps = 100
      let shared = Workplace.place("shared")
      try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: false)
      try FileManager.default.copyItem(atPath: experiment.data, toPath: shared + "/data")
      try FileManager.default.copyItem(atPath: try experiment.recipe, toPath: shared + "/recipe.yaml")
      let repository = MPIRun.repository.path
      let program = String(MPIRun.executable("lockstep").dropFirst(repository.count + 1))
      let result = try MPIRun.startAlone(
        command: [repository + "/Tests/Pods/story", shared, program],
        // Slow enough to be found at work.
        environment: ["LOCKSTEP_TEST_FAULT": "slow:0:0:any:8000"], timeoutSeconds: 240
      ).wait()
      let log = (try? text(shared + "/launcher.log")) ?? ""
      let said = "\(result.summary)\n\(log)"
      #expect(result.code == 0, "\(said)")
      let expected: [Regex<Substring>] = [
        /Permission denied/, /waits for the other worker/, /the launcher was evicted: 75 at step-\d+/,
        /a worker has left at step-\d+/, /the launcher: 0 at step-00000100/,
      ]
      #expect(result.lines.count == expected.count, "\(said)")
      for (line, form) in zip(result.lines, expected) { #expect(line.wholeMatch(of: form) != nil, "\(line)\n\(said)") }
      // The launcher that came second has seen its ranks end with a checkpoint, and gone on by itself.
      #expect(log.contains("launch/supervise: ended with 75 at step "), "\(said)")
      try TrainedRun(path: shared + "/run").expectSameBits(as: try experiment.run(), at: 100, "two workers, evicted")
    }
  }
}
