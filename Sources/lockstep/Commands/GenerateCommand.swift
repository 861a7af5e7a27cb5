import ArgumentParser
import Foundation
import SequenceData
import Training

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write sequences that an adversarial model's generator makes, as a data set and as WAV files.",
    discussion: "Example: lockstep generate --model runs/wavegan --like DATA --sequences 100 --out made")

  @Option(help: "The RUN whose model is used.", completion: .directory)
  var model: String

  @Option(help: "latest, best, a checkpoint's name (step-00000200) or its folder.", completion: .checkpoints)
  var checkpoint: String?

  @Option(help: "A folder that is empty or not there yet.", completion: .directory)
  var out: String

  @Option(help: "Number of sequences.")
  var sequences = 100

  @Option(help: "Shortest and longest sequence, evenly drawn: 2000..8000.", transform: DataGenerate.lengths(_:))
  var lengths: ClosedRange<Int>?

  @Option(help: "Folder of a data set from whose sequences lengths are drawn.", completion: .directory)
  var like: String?

  @Option(help: "The key of all draws.")
  var seed: UInt64 = 1

  @Option(help: "Compute threads of each rank.")
  var threads = 1

  func validate() throws {
    try refuseEmpty(("--model", model), ("--checkpoint", checkpoint), ("--out", out), ("--like", like))
    if !(1...1 << 24).contains(sequences) {
      throw ValidationError("--sequences \(sequences): expected a number from 1 to \(1 << 24)")
    }
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
    guard (lengths == nil) != (like == nil) else {
      throw ValidationError("give either --lengths SHORTEST..LONGEST or --like DATA: how long sequences are to be")
    }
    if let lengths, lengths.upperBound > 1 << 26 {
      throw ValidationError("--lengths: at most \(1 << 26) timesteps")
    }
  }

  func run() throws {
    var command = GenerateCommand(
      model: model, checkpoint: checkpoint, sequences: sequences,
      lengths: like.map { .like(dataset: $0) } ?? .within(lengths!))
    (command.seed, command.threads) = (seed, threads)
    try onAllRanks { communicator in
      try command.run(to: out, communicator) { report in
        let clipped = report.clipped == 0 ? "" : "; \(Counted.text(report.clipped, "sample")) clipped in recordings"
        print(
          "made \(Counted.text(report.sequences, "sequence")) of \(Counted.text(report.timesteps, "timestep")) in \(out)\(clipped)"
        )
      }
      return 0
    }
  }
}
