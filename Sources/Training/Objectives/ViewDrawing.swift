import PackedTensors

/// Draws one or two views of a sequence: stretches of it, near each other or anywhere, and changed at random (for series Um et
/// al. 2017, arXiv:1706.00527).
///
/// All draws are keyed by seed, epoch, sequence and view, and all views of a sequence of one length have one length, so
/// that every rank knows the lengths of the whole global batch.
struct ViewDrawing: Sendable, Equatable {
  /// How long a view is.
  enum Extent: Sendable, Equatable {
    /// So many timesteps.
    case timesteps(Int)
    /// A share of the sequence, above 0.
    case share(Double)
  }

  var extent = Extent.share(1)
  /// How many timesteps after the first view's begin, or before it, the second one's lies at most; none: anywhere.
  var within: Int?
  /// Standard deviation of noise that is added to every value.
  var jitter = 0.0
  /// Standard deviation of ln of the factor by which each feature of a view is scaled.
  var scaling = 0.0
  /// Equal pieces whose order is drawn.
  var pieces = 1
  /// Share of a view's timesteps that one span sets to zero.
  var mask = 0.0

  /// Timesteps that a sequence must have, and the key of the recipe that asks for them.
  var shortestSequence: (timesteps: Int, key: String)? {
    if case .timesteps(let count) = extent { (count, "objective.window") } else { nil }
  }

  /// Timesteps of both views of a sequence of `length`.
  func lengths(of length: Int) -> [Int] { [self.length(of: length), self.length(of: length)] }

  /// Timesteps of a view of a sequence of `length`.
  func length(of length: Int) -> Int {
    switch extent {
    case .timesteps(let count): min(count, length)
    case .share(let share): max(1, Int((share * Double(length)).rounded()))
    }
  }

  /// Numbers of a sequence's two views that no other view has.
  static func ids(of sequence: Int) -> [Int] { [2 * sequence, 2 * sequence + 1] }

  /// Two views of each sequence, one after the other.
  /// - Parameter chosen: which of the two, ascending.
  func views(
    of values: PackedTensor, ids: [Int], seed: UInt64, epoch: Int, choosing chosen: [Int] = [0, 1]
  ) -> PackedTensor {
    let layout = values.layout
    func lengths(of length: Int) -> [Int] { [Int](repeating: self.length(of: length), count: chosen.count) }
    let views = PackedTensor(
      layout: RaggedLayout(
        lengths: (0..<layout.sequences).flatMap { lengths(of: layout.length(of: $0)) },
        laneBounds: layout.laneBounds.map { chosen.count * $0 },
        globalLengths: layout.globalLengths.flatMap(lengths(of:))), channels: values.channels)
    let draws = Draws(seed: seed, epoch: epoch)
    Workers.forEach(layout.sequences) { sequence in
      let length = layout.length(of: sequence)
      let starts = starts(length: length, id: ids[sequence], draws)
      for (place, view) in chosen.enumerated() {
        let start = view == 0 ? starts.0 : starts.1
        let index = chosen.count * sequence + place
        let target = views.row(views.layout.offsets[index])
        let count = views.layout.length(of: index)
        target.update(from: values.row(layout.offsets[sequence] + start), count: count * values.channels)
        change(
          target, timesteps: count, features: values.channels, id: ViewDrawing.ids(of: ids[sequence])[view], draws)
      }
    }
    return views
  }

  /// Where the two views begin.
  private func starts(length: Int, id: Int, _ draws: Draws) -> (Int, Int) {
    let room = length - self.length(of: length)
    let first = draws.start.integer(below: room + 1, sequence: id, timestep: 0)
    let least = within.map { max(0, first - $0) } ?? 0
    let most = within.map { min(room, first + $0) } ?? room
    return (first, least + draws.start.integer(below: most - least + 1, sequence: id, timestep: 1))
  }

  /// Changes a view in place.
  /// - Parameter id: of the view: no other has it.
  private func change(_ x: UnsafeMutablePointer<Float>, timesteps: Int, features: Int, id: Int, _ draws: Draws) {
    if pieces > 1 { permute(x, timesteps: timesteps, features: features, id: id, draws.order) }
    if scaling > 0 {
      for f in 0..<features {
        let factor = Float(Elementary.exp(scaling * draws.scale.normal(sequence: id, channel: f)))
        for t in 0..<timesteps { x[t * features + f] *= factor }
      }
    }
    if jitter > 0 {
      // Two values a draw, wherever they lie.
      let (count, noise) = (timesteps * features, draws.noise)
      noise.addNormals(to: x, timesteps: count / 2, channels: 2, sequence: id, deviation: jitter)
      if count % 2 == 1 { x[count - 1] += Float(jitter * noise.normal(sequence: id, timestep: count / 2)) }
    }
    if mask > 0 {
      let span = min(Int((mask * Double(timesteps)).rounded()), timesteps - 1)
      let first = draws.span.integer(below: timesteps - span + 1, sequence: id)
      (x + first * features).update(repeating: 0, count: span * features)
    }
  }

  /// Puts the pieces, equal to within a timestep, into a drawn order.
  private func permute(_ x: UnsafeMutablePointer<Float>, timesteps: Int, features: Int, id: Int, _ key: RandomKey) {
    let count = min(pieces, timesteps)
    let before = Array(UnsafeBufferPointer(start: x, count: timesteps * features))
    var to = x
    for piece in key.permutation(of: count, sequence: id) {
      let rows = piece * timesteps / count..<(piece + 1) * timesteps / count
      for value in before[rows.lowerBound * features..<rows.upperBound * features] {
        to.pointee = value
        to += 1
      }
    }
  }

  /// The sources of the draws.
  private struct Draws {
    let start, order, scale, noise, span: RandomKey

    init(seed: UInt64, epoch: Int) {
      func key(_ what: String) -> RandomKey { RandomKey(seed: seed, purpose: "views." + what, epoch: epoch) }
      (start, order, scale, noise, span) = (key("start"), key("order"), key("scale"), key("noise"), key("span"))
    }
  }
}
