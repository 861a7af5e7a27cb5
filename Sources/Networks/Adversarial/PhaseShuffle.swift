import PackedTensors

/// How far a critic's layers see what they read moved: a few timesteps or frames, drawn anew for each sequence and layer
/// at each step, so that the phase of the tones that strides leave in made sequences tells it less (phase
/// shuffle: Donahue, McAuley and Puckette 2019, arXiv:1802.04208, section 3.3; there the first layer sees nothing moved).
public struct PhaseShuffle: Sendable, Equatable {
  /// `[layer][sequence]`; empty: nothing is moved.
  public let shifts: [[Int]]

  /// Nothing is moved.
  public static let none = PhaseShuffle(shifts: [])

  /// Given shifts.
  /// - Parameter shifts: `[layer][sequence]`.
  public init(shifts: [[Int]]) { self.shifts = shifts }

  /// Those of several tensors' sequences, in the order in which the tensors are joined.
  init(joining parts: [PhaseShuffle], of layouts: [RaggedLayout]) {
    precondition(
      parts.allSatisfy { $0.shifts.count == parts[0].shifts.count }, "the parts' phases are of different critics")
    shifts = parts[0].shifts.indices.map { layer in RaggedLayout.join(parts.map { $0.shifts[layer] }, of: layouts) }
  }

  /// What moves the rows that a layer reads; none where nothing is moved.
  /// - Parameter layout: of those rows.
  func shift(ofLayer layer: Int, in layout: RaggedLayout) -> ReflectedShift? {
    shifts.isEmpty ? nil : ReflectedShift(shifts[layer], in: layout)
  }
}

/// The phases of all sequences that a critic's lesson is about.
public struct LessonPhases: Sendable, Equatable {
  /// Of the real sequences, of those made, and of those between the two.
  public let real, made, mixed: PhaseShuffle

  /// Nothing is moved.
  public static let none = LessonPhases(real: .none, made: .none, mixed: .none)

  /// Given phases.
  public init(real: PhaseShuffle, made: PhaseShuffle, mixed: PhaseShuffle) {
    (self.real, self.made, self.mixed) = (real, made, mixed)
  }

  /// Shifts of −`most` ... `most`.
  /// - Parameters:
  ///   - layers: of the critic.
  ///   - ids: of the pairs, by which their shifts are drawn.
  public init(most: Int, layers: Int, ids: [Int], _ key: RandomKey) {
    guard most > 0 else { self = .none; return }
    /// - Parameter kind: tells apart the sequences of a pair.
    func drawn(kind: Int) -> PhaseShuffle {
      PhaseShuffle(
        shifts: (0..<layers).map { layer in
          // What a key calls a timestep and a channel are only two numbers more to draw by.
          ids.map { key.integer(below: 2 * most + 1, sequence: $0, timestep: kind, channel: layer) - most }
        })
    }
    self.init(real: drawn(kind: 0), made: drawn(kind: 1), mixed: drawn(kind: 2))
  }
}
