import PackedTensors

/// Attention of one head over one sequence, on one core.
public enum AttentionBenchmark {
  /// One shape, in FLOP a second: those of the products, exponentials not counted.
  public struct Row: Codable, Sendable {
    /// Timesteps of the sequence, and channels of the head.
    public let length, depth: Int
    /// Whether no timestep sees later ones.
    public let isCausal: Bool
    /// Forward, and its adjoint.
    public let forward, gradient: Double
    /// Fused multiply-adds of Float on registers alone in the same moments.
    public let peak: Double
  }

  /// Timesteps of the sequence.
  static let timesteps = 2048
  static let shapes: [(depth: Int, isCausal: Bool)] =
    [16, 32, 64, 128].map { (depth: $0, isCausal: false) } + [(32, true)]

  static func measure(depth: Int, isCausal: Bool, length: Int) -> Row {
    let attention = Attention(width: depth, heads: 1, isCausal: isCausal)
    let layout = RaggedLayout(lengths: [length])
    let (x, g) = (KernelBenchmark.filled(layout, 3 * depth), KernelBenchmark.filled(layout, depth))
    let turns = Positions(timesteps: length, channels: depth)
    let saved = attention.forward(x, turns: turns).1
    let (seconds, peak) = Stopwatch.secondsAndPeak([
      { _ = attention.forward(x, turns: turns) }, { _ = attention.backward(x, g, saved, turns: turns) },
    ])
    // Forward two products of length × length × depth, backward five.
    let operations = Double(attention.operations(ofLength: length))
    return Row(
      length: length, depth: depth, isCausal: isCausal, forward: operations / seconds[0],
      gradient: 2.5 * operations / seconds[1], peak: peak)
  }
}
