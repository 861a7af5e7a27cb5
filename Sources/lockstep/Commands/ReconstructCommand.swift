import ArgumentParser
import Foundation
import Training

struct Reconstruct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write what an autoencoder tells of each sequence, as a NumPy array [timesteps, features].",
    discussion: "Example: lockstep reconstruct --model runs/denoise --data DATA --noise 0.5 --out restored.npy")

  @OptionGroup var options: ModelOptions

  @Option(help: "Only this split; otherwise all sequences.", completion: .splits)
  var split: String?

  @Option(
    help: "The .npy file: sequences one after another in the order of their ids, in units of the data set.",
    completion: .file(extensions: ["npy"]))
  var out: String

  @Option(help: "Standard deviation of noise that is added first, in units of the normalised input.")
  var noise = 0.0

  @Option(help: "Share of values that are set to zero first, or of categories that become another.")
  var mask = 0.0

  @Option(help: "The key of the noise.")
  var seed: UInt64 = 1

  @Flag(help: "Write what the model read, noise and all, in place of what it restores.")
  var given = false

  @Option(help: "Write the errors as JSON to this file.", completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws {
    try refuseEmpty(("--out", out), ("--json", json))
    if !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise \(noise): expected a number not below 0") }
    if !(mask >= 0 && mask < 1) { throw ValidationError("--mask \(mask): expected a number from 0 to below 1") }
  }

  func run() throws {
    var command = ReconstructCommand(try options.command(split: split))
    (command.noise, command.mask, command.seed, command.writesGiven) = (noise, mask, seed, given)
    try onAllRanks { communicator in
      try command.run(to: out, json: json, communicator) { print($0.text) }
      return 0
    }
  }
}

extension ReconstructionReport {
  /// The report on one line.
  var text: String {
    let what = areCategories ? "share of categories that differ" : "mean square of the difference"
    return String(
      format: "%d sequences, %d values: %@ from the clean input: given %.6f, restored %.6f", sequences, values, what,
      given, restored)
  }
}
