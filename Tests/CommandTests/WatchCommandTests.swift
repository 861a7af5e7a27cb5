import Foundation
import TestSupport
import Testing

extension Trainings {
  /// `lockstep watch` and `lockstep runs`, of runs that were trained.
  @Suite struct WatchCommandTests {
    @Test func aFinishedRunIsDrawnAndListed() throws {
      let run = try Experiment.classifiedReference.get()
      let once = try lockstep("watch \(run.path) --once").output
      for words in ["finished ", "step 24/24 ████", "  loss  ", "  accuracy  ", "●"] {
        #expect(once.contains(words), "\(words) in\n\(once)")
      }
      // In a terminal it is drawn on the other screen, and ends by itself.
      let program = MPIRun.executable("lockstep")
      let shown = try MPIRun.startAlone(
        command: ["script", "-qec", "stty cols 100 rows 30; \(program) watch \(run.path)", "/dev/null"],
        environment: ["TERM": "xterm"], timeoutSeconds: 30
      ).wait()
      #expect(shown.code == 0 && !shown.timedOut, "\(shown.summary)")
      let parts = shown.output.components(separatedBy: "\u{1B}[?1049l")
      #expect(parts.count == 2 && parts[0].contains("\u{1B}[?1049h") && parts[0].contains("q leaves"), "\(parts)")
      #expect(parts.last?.contains("step 24/24") == true, "\(parts)")

      let listed = try lockstep("runs \(run.path)").output.split(separator: "\n")
      #expect(listed.count == 2, "\(listed)")
      for words in ["train", "classify", "resnet", "24/24", "accuracy ", "finished"] {
        #expect(listed[1].contains(words), "\(words) in \(listed)")
      }
    }

    @Test func whatIsNoRunIsRefused() throws {
      let empty = Workplace.place("empty")
      try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
      try refused("watch \(empty)", code: 66, saying: empty, "is no run", "--out")
      try refused("watch \(empty)/not-there", code: 66, saying: "not-there", "not found")
      try refused("runs \(empty)/not-there", code: 66, saying: "not-there", "not found")
      #expect(try lockstep("runs \(empty)").output == "no runs under \(empty)\n")
      #expect(try lockstep("runs \(empty) --json").output.contains("["))
    }
  }
}
