import Foundation
import TestSupport
import Testing

extension Commands {
  /// The line that tells how training goes, on a terminal and elsewhere.
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

    @Test func aSlowRankIsNamed() throws {
      let experiment = try Experiment.masked.get()
      let run = TrainedRun(path: Workplace.place("slow"))
      let result = try lockstep(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", ranks: 2,
        environment: ["LOCKSTEP_TEST_FAULT": "slow:1:3:forward:20000"])
      #expect(result.errors.contains("waits for rank 1 on "), "\(result.summary)")
      #expect(!result.errors.contains("waits for rank 0"), "\(result.summary)")
    }
  }
}
