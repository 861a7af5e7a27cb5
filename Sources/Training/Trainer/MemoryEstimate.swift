import Networks
import PackedTensors

/// The memory that training a model takes on one rank, known before it begins.
///
/// Activations and their gradients are in proportion to the timesteps of a step. What a timestep takes is measured, not
/// derived: two short made-up sequences go forward and backward, and the difference of the peaks tells. So it holds for
/// every encoder and objective.
struct MemoryEstimate {
  /// Bytes of activations, their gradients and the values of this and the next step, for each timestep of a rank.
  let bytesPerTimestep: Double
  /// Bytes of parameters, gradients and the optimizer's moments.
  let parameterBytes: Int

  /// Timesteps of the two sequences: long enough for every layer to be in proportion, short enough to cost milliseconds.
  private static let probes = (1024, 3072)

  /// Measures a model. Complexity: a step of 4,096 timesteps.
  /// - Parameters:
  ///   - lanes: the lanes that the rank carries: each aligned subtree of them has gradients of its own.
  init<E: Encoder, O: Objective>(_ model: Model<E, O>, data: DataDescription, lanes: Range<Int>) throws {
    let (short, long) = Self.probes
    let peaks = try [short, long].map { try Self.peak(model, data: data, timesteps: $0) }
    // One batch more is read while another is computed with; where values are normalised it is held twice.
    let ahead = 2 * 4 * data.features
    bytesPerTimestep = Double(peaks[1] - peaks[0]) / Double(long - short) + Double(ahead)
    let rows = LaneTree.nodes(covering: lanes).count
    parameterBytes = model.store.count * 4 * (3 + rows)
  }

  /// Bytes of a step of so many timesteps on one rank; the program itself comes on top.
  func bytes(timesteps: Int) -> Int { Int(bytesPerTimestep * Double(timesteps)) + parameterBytes }

  /// What it is made of, and what it comes to for a step.
  func text(timesteps: Int) -> String {
    "\(Self.megabytes(bytes(timesteps: timesteps))) MB on the fullest rank (\(timesteps) timesteps of a step, "
      + "\(Int(bytesPerTimestep.rounded())) bytes each; parameters, gradients and optimizer \(Self.megabytes(parameterBytes)) MB), beside the program"
  }

  private static func megabytes(_ bytes: Int) -> Int { (bytes + 999_999) / 1_000_000 }

  private static func peak<E: Encoder, O: Objective>(
    _ model: Model<E, O>, data: DataDescription, timesteps: Int
  ) throws -> Int {
    let before = StoragePool.shared.usage.liveBytes
    StoragePool.shared.forgetPeak()
    let values = PackedTensor(layout: RaggedLayout(lengths: [timesteps]), channels: data.features)
    values.base.update(repeating: 0, count: values.count)
    let batch = Batch(raw: values, values: values, ids: [0], labels: [0])
    _ = try model.gradients(ofAlone: batch, seed: 0, epoch: 0)
    return StoragePool.shared.usage.peakBytes - before
  }
}
