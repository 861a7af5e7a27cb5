import Testing

@testable import Training

/// The text for Prometheus, line by line.
@Suite struct PrometheusTextTests {
  @Test func everySampleHasItsHelpAndType() throws {
    var status = RunStatus(
      attempt: 2, step: 12, steps: 30, epoch: 1, ranks: 2, hosts: ["a", "b"], process: 7, started: "", updated: "")
    status.loss = FiniteNumber(.nan)
    status.gradientNorm = FiniteNumber(0.25)
    status.straggler = Straggler(rank: 1, host: "b", slowdown: 1.5)
    let text = PrometheusText(
      status, run: "runs/a \"b\"\\c\nd", checkpoint: .init(step: 10, seconds: 1.5e9), seconds: 1_600_000_000
    ).text
    let run = #"run="runs/a \"b\"\\c\nd""#
    let lines = text.split(separator: "\n")
    #expect(text.hasSuffix("\n") && lines.contains("lockstep_step{\(run)} 12.0"), "\(text)")
    #expect(lines.contains("lockstep_loss{\(run)} NaN") && lines.contains("lockstep_gradient_norm{\(run)} 0.25"))
    #expect(lines.contains("lockstep_checkpoint_step{\(run)} 10.0"))
    #expect(lines.contains("lockstep_straggler_slowdown{\(run),rank=\"1\",host=\"b\"} 1.5"))
    #expect(lines.contains("lockstep_state{\(run),state=\"training\"} 1.0"))
    #expect(lines.contains("lockstep_state{\(run),state=\"failed\"} 0.0"))
    #expect(!text.contains("lockstep_accuracy") && !text.contains("lockstep_exit_code"))
    var described: Set<Substring> = []
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# HELP ") {
        #expect(words.count == 4 && words[3].hasSuffix("."), "\(line)")
      } else if line.hasPrefix("# TYPE ") {
        #expect(["gauge", "counter"].contains(words[3]) && described.insert(words[2]).inserted, "\(line)")
        #expect((words[3] == "counter") == words[2].hasSuffix("_total"), "\(line)")
      } else {
        #expect(described.contains(line.prefix { $0 != "{" }), "\(line)")
      }
    }
    #expect(described.count == 14)
  }
}
