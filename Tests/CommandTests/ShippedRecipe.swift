import Foundation
import TestSupport
import Testing
import Yams

/// A file of `launch/recipes`, and how its first few steps are taken: its model, objective and optimizer stay as they stand.
struct ShippedRecipe {
  private static let folder = MPIRun.repository.appendingPathComponent("launch/recipes").path

  /// The names of all recipes.
  static var names: [String] { get throws { try CommandTests.names(folder).filter { $0.hasSuffix(".yaml") } } }

  /// Sequences of a step: few, and on three ranks still some for each.
  private static let sequences = 9

  let path: String
  private let recipe: Node
  private let objective: Node
  /// The objective, or each of several, and its key.
  private let objectives: [(key: String, section: Node)]

  init(_ name: String) throws {
    path = Self.folder + "/" + name
    recipe = try #require(try Yams.compose(yaml: try text(path)), "\(name) is empty")
    let objective = try #require(recipe["objective"], "\(name) has no objective")
    self.objective = objective
    let parts = (objective["parts"]?.sequence).map(Array.init) ?? []
    objectives =
      parts.isEmpty
      ? [("objective", objective)] : parts.enumerated().map { ("objective.parts.\($0.offset)", $0.element) }
  }

  /// What trains by it.
  private var command: String { objective["kind"]?.string == "classify" ? "train" : "pretrain" }

  /// As many steps as it takes for what does not come at every one: a round of pseudo-labels, a step of the generator and
  /// the critic's behind it, a queue that begins anew.
  var steps: Int { max(3, (objective["criticSteps"]?.int ?? 0) + 2) }

  /// What makes of the recipe one of few and small steps.
  private var settings: [String] {
    var settings = [
      "training.epochs=null", "training.steps=\(steps)", "batch.sequences=\(Self.sequences)", "schedule.warmupSteps=1",
    ]
    if recipe["training"]?["validateEvery"]?.int != 0 { settings.append("training.validateEvery=\(steps)") }
    for (key, section) in objectives where section["queue"]?.int != nil {
      settings.append("\(key).queue=\(2 * Self.sequences)")
    }
    // Of what has been trained for a step nothing is sure.
    if hasPseudoLabels { settings.append("objective.pseudoLabels.threshold=0") }
    return settings.flatMap { ["--set", $0] }
  }

  /// Starts a training into a new RUN.
  func start(ranks: Int, data: String, into run: TrainedRun) throws -> MPIRun.Job {
    let arguments = [command, path, "--data", data, "--out", run.path] + settings
    return ranks == 1
      ? try MPIRun.startAlone("lockstep", arguments, timeoutSeconds: 240)
      : try MPIRun.start(ranks: ranks, "lockstep", arguments, timeoutSeconds: 240)
  }

  private var hasPseudoLabels: Bool { objective["pseudoLabels"]?.mapping != nil }

  /// Expects of a run that it took its steps and that what comes now and then came.
  func expectWhatItPromises(_ run: TrainedRun, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (rows, taken) = (try run.rows, try run.steps)
    #expect(taken.map(\.step) == Array(1...steps), sourceLocation: sourceLocation)
    for row in taken {
      let moves = row.loss != nil && row.skippedFor == nil && row.gradientNorm ?? 0 > 0 && row.learningRate ?? 0 > 0
      #expect(moves, "step \(row.step) changed nothing: \(row)", sourceLocation: sourceLocation)
    }
    if hasPseudoLabels {
      let guessed = rows.filter { $0.kind == "pseudoLabels" }.map(\.sequences)
      #expect(guessed.contains { $0 > 0 }, "guessed labels: \(guessed)", sourceLocation: sourceLocation)
    }
    if objective["criticSteps"] != nil {
      // The penalty is the critic's alone.
      let penalties = taken.map { $0.parts?["penalty"]?.loss ?? 0 }
      let isInTurn = penalties.contains(0) && penalties.last! > 0
      #expect(isInTurn, "penalties of the steps: \(penalties)", sourceLocation: sourceLocation)
    }
  }
}
