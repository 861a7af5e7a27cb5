import PackedTensors

/// How far a critic's layers see what they read moved: a few timesteps or frames, drawn anew for each sequence and layer at
/// each step, so that a critic cannot tell made sequences by the phase of the tones that strides leave in them (phase
/// shuffle: Donahue, McAuley and Puckette 2019, arXiv:1802.04208, section 3.3; there the first layer sees nothing moved).
public struct PhaseShuffle: Sendable {
  /// `[layer][sequence]`; empty: nothing is moved.
  public let shifts: [[Int]]

  /// Nothing is moved.
  public static let none = PhaseShuffle(shifts: [])

  /// Given shifts.
  /// - Parameter shifts: `[layer][sequence]`.
  public init(shifts: [[Int]]) { self.shifts = shifts }

  /// Shifts of −`most` ... `most`.
  /// - Parameters:
  ///   - layers: of the critic.
  ///   - ids: of the sequences, by which theirs are drawn.
  ///   - kind: tells apart several sequences of an id.
  public init(most: Int, layers: Int, ids: [Int], kind: Int, _ key: RandomKey) {
    shifts =
      most == 0
      ? []
      : (0..<layers).map { layer in
        ids.map { key.integer(below: 2 * most + 1, sequence: $0, timestep: kind, channel: layer) - most }
      }
  }

  /// Those of several tensors' sequences, in the order in which the tensors are joined.
  init(joining parts: [PhaseShuffle], of layouts: [RaggedLayout]) {
    shifts = parts[0].shifts.indices.map { layer in
      (0..<layouts[0].carriedLanes).flatMap { lane in
        zip(parts, layouts).flatMap { part, layout in part.shifts[layer][layout.sequences(ofLane: lane)] }
      }
    }
  }

  /// What moves the rows that a layer reads; none where nothing is moved.
  /// - Parameter layout: of those rows.
  func shift(ofLayer layer: Int, in layout: RaggedLayout) -> ReflectedShift? {
    shifts.isEmpty ? nil : ReflectedShift(shifts[layer], in: layout)
  }
}
