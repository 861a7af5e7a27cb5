import Foundation
import TestSupport
import Testing

extension Commands {
  /// The line that tells how training goes, on a terminal and elsewhere; and what Prometheus is told.
  @Suite struct ProgressLineTests {
    /// Runs `lockstep` in a terminal of so many columns, by script(1).
    private func inTerminal(_ line: String, columns: Int) throws -> String {
      let program = MPIRun.executable("lockstep")
      let result = try MPIRun.startAlone(
        command: ["script", "-qec", "stty cols \(columns) rows 20; \(program) \(line)", "/dev/null"],
        environment: ["TERM": "xterm"], timeoutSeconds: 120
      ).wait()
      #expect(result.code == 0, "\(result.summary)")
      return result.output
    }

    @Test func aTerminalHasOneLineThatFits() throws {
      let experiment = try Experiment.masked.get()
      let output = try inTerminal(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))", columns: 50)
      let lines = output.split(separator: "\r\u{1B}[K").map { $0.prefix { $0 != "\r" && $0 != "\r\n" } }
      let drawn = lines.filter { $0.hasPrefix("step ") }
      #expect(drawn.count > 3 && drawn.allSatisfy { $0.count <= 49 }, "\(drawn)")
      #expect(drawn.contains { $0.count == 49 }, "the line was to be cut: \(drawn)")
      for phase in ["/30  training  loss ", "/30  validating  ", "/30  checkpoint  "] {
        #expect(drawn.contains { $0.contains(phase) }, "\(phase) in \(drawn)")
      }
      #expect(drawn.last?.hasPrefix("step 30/30  ") == true, "\(drawn)")
    }

    @Test func aSlowRankIsNamedAndPrometheusToldOfIt() throws {
      let experiment = try Experiment.masked.get()
      let run = TrainedRun(path: Workplace.place("slow"))
      let result = try lockstep(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", ranks: 2,
        environment: ["LOCKSTEP_TEST_FAULT": "slow:1:3:forward:20000"])
      #expect(result.errors.contains("waits for rank 1 on "), "\(result.summary)")
      #expect(!result.errors.contains("waits for rank 0"), "\(result.summary)")
      let samples = try text(run.path + "/metrics.prom").split(separator: "\n")
      #expect(!samples.contains { $0.contains("straggler") }, "the job is over: \(samples)")
      #expect(samples.contains("lockstep_step{run=\"\(run.path)\"} 30.0"), "\(samples)")
      #expect(samples.contains("lockstep_state{run=\"\(run.path)\",state=\"finished\"} 1.0"), "\(samples)")
      #expect(samples.contains("lockstep_exit_code{run=\"\(run.path)\"} 0.0"), "\(samples)")
    }

    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func prometheusReadsWhatItIsTold() throws {
      let python = try PythonEnvironment.interpreter("prometheus", packages: ["prometheus-client==0.26.0"])
      var experiment = try Experiment.masked.get()
      experiment.validateEvery = 0
      let run = TrainedRun(path: Workplace.place("a \"strange\" name"))
      let arguments = ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path]
      #expect(try MPIRun.runAlone("lockstep", arguments, timeoutSeconds: 120).code == 0)
      let script = """
        import sys
        from prometheus_client.parser import text_string_to_metric_families
        for family in text_string_to_metric_families(open(sys.argv[1]).read()):
            assert family.documentation and family.type in ("gauge", "counter"), family
            for sample in family.samples:
                assert sample.labels["run"] == sys.argv[2], sample
                print(sample.name, sample.labels.get("state", "-"), sample.value)
        """
      let result = try MPIRun.startAlone(
        command: [python, "-c", script, run.path + "/metrics.prom", run.path], timeoutSeconds: 60
      ).wait()
      #expect(result.code == 0, "\(result.summary)")
      let lines = Set(result.lines)
      for line in [
        "lockstep_step - 30.0", "lockstep_steps - 30.0", "lockstep_ranks - 1.0", "lockstep_attempt - 1.0",
        "lockstep_checkpoint_step - 30.0", "lockstep_state finished 1.0", "lockstep_state training 0.0",
        "lockstep_skipped_steps_total - 0.0",
      ] { #expect(lines.contains(line), "\(line) in \(lines)") }
      let loss = try #require(try run.steps.last?.loss)
      #expect(lines.contains("lockstep_loss - \(loss)"), "\(lines)")
    }
  }
}
