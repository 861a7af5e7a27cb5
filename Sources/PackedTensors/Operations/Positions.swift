/// Angles that tell timesteps apart: timestep t has `t / 10000^(2i / channels)` radians at pair i of its channels (Vaswani
/// et al. 2017, arXiv:1706.03762).
public struct Positions {
  /// Timesteps that are known.
  public let timesteps: Int
  /// Channels of a row: half of them cosines, then as many sines.
  public let channels: Int
  private let storage: Storage

  /// Cosines and sines of the timesteps `0 ..< timesteps`. Complexity: O(timesteps · channels).
  public init(timesteps: Int, channels: Int) {
    precondition(channels % 2 == 0, "\(channels) channels are no pairs")
    self.timesteps = timesteps
    self.channels = channels
    storage = StoragePool.shared.lease(timesteps * channels, growsWithTimesteps: true)
    let pairs = channels / 2
    let turns = Positions.turnsPerTimestep(channels: channels)
    let base = storage.base
    let block = 64
    Workers.forEach((timesteps + block - 1) / block) { part in
      for t in part * block..<min((part + 1) * block, timesteps) {
        let row = base + t * channels
        for pair in 0..<pairs {
          let (cosine, sine) = Elementary.cosineAndSine(turns: Double(t) * turns[pair])
          row[pair] = Float(cosine)
          row[pairs + pair] = Float(sine)
        }
      }
    }
  }

  /// Turns from one timestep to the next of each pair of channels.
  public static func turnsPerTimestep(channels: Int) -> [Double] {
    (0..<channels / 2).map { pair in
      Elementary.exp(-2 * Double(pair) / Double(channels) * Elementary.log(10_000)) / (2 * Elementary.pi)
    }
  }

  /// A timestep's row: `channels / 2` cosines, then the sines.
  func row(_ timestep: Int) -> UnsafePointer<Float> { UnsafePointer(storage.base + timestep * channels) }

  /// `x` with the sine of pair i added to channel 2i and its cosine to channel 2i + 1, `[timesteps, channels]`. The
  /// adjoint changes nothing.
  public func added(to x: PackedTensor) -> PackedTensor {
    let layout = x.layout
    precondition(x.channels <= channels, "\(channels) channels of positions for \(x.channels)")
    let output = PackedTensor(layout: layout, channels: x.channels)
    Workers.forEach(layout.sequences) { sequence in
      for (t, at) in layout.rows(of: sequence).enumerated() {
        let (from, to, angles) = (x.row(at), output.row(at), row(t))
        for c in 0..<x.channels { to[c] = from[c] + angles[c / 2 + (c % 2 == 0 ? channels / 2 : 0)] }
      }
    }
    return output
  }
}
