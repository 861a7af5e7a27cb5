import Networks
import PackedTensors

/// A generator makes sequences of which the encoder, as a critic with a score on top, tells the real ones (Goodfellow et al.
/// 2014; as in WaveGAN, Donahue, McAuley and Puckette 2019). Each real sequence is paired with a made one of its length.
/// The critic learns in several steps, then the generator in one.
struct Adversarial: Objective {
  let discriminator: Discriminator
  let generator: Generator
  /// Timesteps of a sequence that are looked at, at most; none: all.
  let window: Int?
  /// λ of the gradient penalty.
  let penalty: Double
  /// Steps of the critic for one of the generator.
  let criticSteps: Int
  /// Timesteps or frames by which what a layer of the critic reads is moved, at most.
  let phaseShuffle: Int

  /// Who learns.
  enum Turn: Int {
    case critic, generator
  }

  struct View {
    let real: PackedTensor
    /// `[sequences, latent]`.
    let latents: PackedTensor
    /// Where between real and made each sequence's slope is looked at: the share of the real one.
    let shares: [Float]
    let phases: LessonPhases
    let ids: [Int]
    let turn: Turn
  }

  var range: Range<Int> { discriminator.score.range.lowerBound..<generator.range.upperBound }
  var countsCorrect: Bool { false }
  /// What the two play for, as the critic sees it: the mean score of real sequences less that of made ones, which estimates
  /// Wasserstein's distance up to a factor, and what the critic's slope costs it (not looked at in the generator's steps).
  var parts: [ObjectivePart] {
    [
      ObjectivePart(name: "distance", weight: -1, countsCorrect: false),
      ObjectivePart(name: "penalty", weight: 1, countsCorrect: false),
    ]
  }
  var runsEncoder: Bool { true }
  var turns: Int { 2 }
  func turn(at step: Int) -> Int { (step % (criticSteps + 1) == criticSteps ? Turn.generator : .critic).rawValue }
  func trains(_ parameter: Parameter, in turn: Int) -> Bool {
    generator.range.contains(parameter.range.lowerBound) == (turn == Turn.generator.rawValue)
  }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let shares = RandomKey(seed: seed, purpose: "adversarial.mix", epoch: epoch)
    return View(
      real: window.map { windows(of: batch, $0, seed: seed, epoch: epoch) } ?? batch.values,
      latents: generator.latents(
        batch.ids, RandomKey(seed: seed, purpose: "adversarial.latents", epoch: epoch), like: batch.layout),
      shares: batch.ids.map { shares.uniform(sequence: $0) },
      phases: LessonPhases(
        most: phaseShuffle, layers: discriminator.critic.layers.count, ids: batch.ids,
        RandomKey(seed: seed, purpose: "adversarial.phases", epoch: epoch)),
      ids: batch.ids,
      turn: Turn(rawValue: turn(at: batch.step))!)
  }

  /// A stretch of each sequence that is longer than `window`, the others whole.
  private func windows(of batch: Batch, _ window: Int, seed: UInt64, epoch: Int) -> PackedTensor {
    let key = RandomKey(seed: seed, purpose: "adversarial.window", epoch: epoch)
    let from = batch.layout
    let layout = RaggedLayout(
      lengths: (0..<from.sequences).map { min(window, from.length(of: $0)) }, laneBounds: from.laneBounds,
      globalLengths: from.globalLengths.map { min(window, $0) })
    let values = PackedTensor(layout: layout, channels: batch.values.channels)
    for sequence in 0..<layout.sequences {
      let length = layout.length(of: sequence)
      let first = key.integer(below: from.length(of: sequence) - length + 1, sequence: batch.ids[sequence])
      values.row(layout.offsets[sequence]).update(
        from: batch.values.row(from.offsets[sequence] + first), count: length * values.channels)
    }
    return values
  }

  func ids(of view: View) -> [Int] { view.ids }
  func idsOfParts(of view: View) -> [[Int]] { [view.ids, view.ids] }
  /// Real, made and mixed.
  func viewLengths(of length: Int) -> [Int] {
    [Int](repeating: min(window ?? length, length), count: 3)
  }
  func input(of view: View) -> EncoderInput { EncoderInput(view.real) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (made, saved) = generator.forward(view.latents, to: view.real.layout, forward)
    func sums(_ losses: [Double]) -> LossSums {
      LossSums(rows: losses, layout: view.real.layout.pooled, count: losses.count, correct: 0)
    }
    /// - Parameter sign: −1 where the distance is made larger.
    func game(_ distances: [Double], _ penalties: [Double]?, sign: Double) -> LossSums {
      let penalties = penalties ?? distances.map { _ in 0 }
      return LossSums(combining: [sums(distances), sums(penalties)], factors: [sign, 1])
    }
    if let backward, view.turn == .critic {
      let lesson = try discriminator.learn(
        real: view.real, made: made, mixed: mixed(view, made), penalty: penalty, phases: view.phases, forward,
        backward)
      return (game(lesson.distances, lesson.penalties, sign: -1), nil)
    }
    let real = discriminator.scores(of: view.real, phases: view.phases.real, forward)
    let (scores, gradient) = discriminator.judge(made, phases: view.phases.made, forward)
    if let backward { try generator.backward(gradient, saved, backward) }
    return (game(zip(real, scores).map { $0 - $1 }, nil, sign: backward == nil ? -1 : 1), nil)
  }

  /// A point between each pair.
  private func mixed(_ view: View, _ made: PackedTensor) -> PackedTensor {
    let result = PackedTensor(layout: made.layout, channels: made.channels)
    for sequence in 0..<made.layout.sequences {
      let share = view.shares[sequence]
      for row in made.layout.rows(of: sequence) {
        for c in 0..<made.channels {
          result.row(row)[c] = share * view.real.row(row)[c] + (1 - share) * made.row(row)[c]
        }
      }
    }
    return result
  }
}

extension Generator {
  /// Standard normal latents of sequences, `[sequences, latent]`.
  /// - Parameters:
  ///   - ids: a number for each, by which its own are drawn.
  ///   - layout: whose sequences they are.
  func latents(_ ids: [Int], _ key: RandomKey, like layout: RaggedLayout) -> PackedTensor {
    let rows = PackedTensor(layout: layout.pooled, channels: latent)
    for (index, id) in ids.enumerated() {
      for channel in 0..<latent { rows.row(index)[channel] = Float(key.normal(sequence: id, channel: channel)) }
    }
    return rows
  }
}
