import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// A generator and a critic with a penalty on its slope.
@Suite struct AdversarialTests {
  private static func yaml(
    _ keys: String = "", encoder: String = "{kind: critic, channels: 3, layers: 2, kernel: 5, stride: 3}",
    input: String = "{kind: reals}", validateEvery: Int = 0
  ) -> String {
    """
    model:
      input: \(input)
      encoder: \(encoder)
    objective: {kind: adversarial, rate: 8000, latent: 4, criticSteps: 2, \(keys)}
    optimizer: {kind: adamw, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1, validateEvery: \(validateEvery)}
    """
  }
  private static let data = DataDescription(features: 2, values: .reals, classes: [])

  private static func batch(step: Int) -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 7, 1, 41])
    let values = PackedTensor(layout: layout, channels: 2, elements: numbers.floats(2 * layout.timesteps, scale: 2))
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [-1, -1, -1, -1], step: step)
  }

  @Test(arguments: ["", "penalty: 0.5", "window: 12, penalty: 3", "phaseShuffle: 2"])
  func gradientsOfBothTurnsAreTheSlopesOfTheLoss(keys: String) throws {
    // Real and made sequences add the same to the score's bias.
    try LossSlopes.check(Self.yaml(keys), Self.data, Self.batch(step: 0), idle: ["objective.score.bias"])
    try LossSlopes.check(Self.yaml(keys), Self.data, Self.batch(step: 2))
  }

  /// Scores' slopes by differences, and the penalty that follows from them.
  private struct Slopes: ModelUser {
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
      let objective = try #require(model.objective as? Adversarial)
      #expect((0..<7).map(objective.turn(at:)) == [0, 0, 1, 0, 0, 1, 0])
      let values = AdversarialTests.batch(step: 0).values
      let pass = ForwardPass(
        store: model.store, mode: .training, statistics: LaneStatistics(), ids: [3, 5, 6, 9], seed: 1)
      let discriminator = objective.discriminator
      let gradient = discriminator.judge(values, phases: .none, pass).gradient
      var norms = [0.0, 0, 0, 0]
      for sequence in 0..<4 {
        let rows = values.layout.rows(of: sequence)
        for index in 2 * rows.lowerBound..<2 * rows.upperBound {
          let value = values.base[index]
          values.base[index] = value + 1e-2
          let up = discriminator.scores(of: values, phases: .none, pass)[sequence]
          values.base[index] = value - 1e-2
          let slope = (up - discriminator.scores(of: values, phases: .none, pass)[sequence]) / 2e-2
          values.base[index] = value
          norms[sequence] += slope * slope
          #expect(abs(slope + Double(gradient.base[index])) < 2e-3, "sequence \(sequence), element \(index)")
        }
      }
      let arena = GradientArena(lanes: 0..<1, count: model.store.count, sink: NoGradientSink())
      let lesson = try discriminator.learn(
        real: values, made: values, mixed: values, penalty: 2, phases: .none, pass,
        BackwardPass(store: model.store, gradients: arena, statistics: LaneStatistics()))
      #expect(lesson.distances == [0, 0, 0, 0])
      for (penalty, square) in zip(lesson.penalties, norms) {
        let expected = 2 * (square.squareRoot() - 1) * (square.squareRoot() - 1)
        #expect(abs(penalty - expected) < 2e-2, "\(penalty), expected \(expected)")
      }
    }
  }

  @Test func thePenaltyIsThatOfTheSlope() throws {
    let recipe = try Recipe(yaml: Self.yaml())
    try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: Self.data, seed: 4, isEncoderFrozen: false,
      for: Slopes())
  }

  private struct Views: ModelUser {
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
      let objective = try #require(model.objective as? Adversarial)
      let batch = AdversarialTests.batch(step: 0)
      let view = objective.view(of: batch, seed: 1, epoch: 0)
      #expect((0..<4).map(view.real.layout.length(of:)) == [12, 7, 1, 12])
      #expect(objective.viewLengths(of: 41) == [12, 12, 12] && objective.viewLengths(of: 7) == [7, 7, 7])
      func all(_ phases: LessonPhases) -> [[[Int]]] { [phases.real, phases.made, phases.mixed].map(\.shifts) }
      let shifts = all(view.phases)
      #expect(shifts.map(\.count) == [2, 2, 2] && Set(shifts.joined()).count == 6, "of kinds and layers each its own")
      let other = objective.view(of: batch, seed: 1, epoch: 1)
      #expect(view.phases != other.phases)
      #expect(view.latents.elements != other.latents.elements && view.shares != other.shares)
      let alone = objective.view(of: batch.alone(3), seed: 1, epoch: 0)
      #expect(alone.latents.elements == Array(view.latents.elements.suffix(4)))
      #expect(alone.real.elements == Array(view.real.elements.suffix(24)))
      #expect(all(alone.phases) == shifts.map { $0.map { $0.suffix(1) } })
    }
  }

  @Test func viewsAreASequencesOwn() throws {
    let recipe = try Recipe(yaml: Self.yaml("window: 12, phaseShuffle: 4"))
    try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: Self.data, seed: 4, isEncoderFrozen: false,
      for: Views())
  }

  @Test func shiftsAreDrawnFromTheWholeRange() {
    let phases = LessonPhases(most: 4, layers: 1, ids: Array(0..<200), RandomKey(seed: 1, purpose: "shifts"))
    #expect(Set(phases.real.shifts[0]) == Set(-4...4))
  }

  /// What each player learns from a step of its own: the critic's distance and penalty, the generator's gradient.
  private struct Lessons: ModelUser {
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> (critic: [Double], generator: [Float]) {
      let objective = try #require(model.objective as? Adversarial)
      func lesson(step: Int) throws -> (LossSums, GradientArena) {
        let batch = AdversarialTests.batch(step: step)
        let pass = ForwardPass(
          store: model.store, mode: .training, statistics: LaneStatistics(), ids: batch.ids, seed: 1)
        let arena = GradientArena(lanes: 0..<1, count: model.store.count, sink: NoGradientSink())
        let (sums, _) = try objective.loss(
          of: batch.values, objective.view(of: batch, seed: 1, epoch: 0), pass,
          BackwardPass(store: model.store, gradients: arena, statistics: LaneStatistics()))
        return (sums, arena)
      }
      let arena = try lesson(step: 2).1
      return (
        try lesson(step: 0).0.parts.map { $0.loss[0][0] }, objective.generator.range.map { arena.base[$0] }
      )
    }
  }

  @Test func bothPlayersSeeWhatIsMoved() throws {
    func lessons(_ keys: String) throws -> (critic: [Double], generator: [Float]) {
      let recipe = try Recipe(yaml: Self.yaml(keys))
      return try ModelBuilder.build(
        recipe.model, objective: recipe.objective, precision: .float32, data: Self.data, seed: 4,
        isEncoderFrozen: false, for: Lessons())
    }
    let (still, moved) = (try lessons(""), try lessons("phaseShuffle: 2"))
    #expect(still.critic.count == 2 && zip(still.critic, moved.critic).allSatisfy { $0 != $1 })
    #expect(still.generator.contains { $0 != 0 } && still.generator != moved.generator)
  }

  @Test func howFarIsMovedIsWrittenAndChangesARunsIdentity() throws {
    let (still, moved) = (try Recipe(yaml: Self.yaml()), try Recipe(yaml: Self.yaml("phaseShuffle: 2")))
    #expect(try Recipe(yaml: moved.resolvedYAML) == moved)
    #expect(moved.identity != still.identity)
    #expect(try Recipe(yaml: Self.yaml("phaseShuffle: 0")).identity == still.identity)
  }

  @Test func recipesThatCannotWorkAreRefused() {
    func refuses(_ yaml: String, _ words: String) {
      do {
        _ = try Recipe(yaml: yaml)
        Issue.record("accepted: \(yaml)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses(
      Self.yaml(encoder: "{kind: resnet, width: 8, blocks: 1}"),
      "objective.kind: adversarial needs model.encoder.kind: critic")
    refuses(Self.yaml(input: "{kind: categories}"), "model.encoder.kind: a critic reads numbers")
    refuses(Self.yaml(input: "{kind: reals, normalise: sequence}"), "use model.input.normalise: dataset or none")
    refuses(
      Self.yaml(validateEvery: 5),
      "objective.kind: the loss of adversarial does not say how good what is made is; set training.validateEvery to 0")
    refuses(Self.yaml(encoder: "{kind: critic, layers: 12}"), "model.encoder.layers: a frame would have more than")
    refuses(Self.yaml(encoder: "{kind: critic, channels: 1024, stride: 2, layers: 5}"), "at most 8192")
    refuses(Self.yaml().replacing("rate: 8000, ", with: ""), "objective.rate: is missing")
  }
}
