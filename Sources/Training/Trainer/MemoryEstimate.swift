import Networks
import PackedTensors

/// The memory that training a model takes on one rank, known before it begins.
///
/// Activations and their gradients are in proportion to the timesteps of a step; weights in the kernels' layout and the
/// like are not. What each takes is measured, not derived: two short made-up batches go forward and backward, and the
/// peaks tell. So it holds for every encoder and objective. (Of several threads each takes some of the latter again.)
/// Timesteps are those that the encoder computes with.
struct MemoryEstimate {
  /// Bytes of activations, their gradients and the values of this and the next step, for each timestep of a rank.
  let bytesPerTimestep: Double
  /// Bytes of parameters, gradients and at most two moments of the optimizer, and what a step of any length needs.
  let parameterBytes: Int

  /// Measures a model. Complexity: a step of 4,096 timesteps, of 512 where that is more than 20 GFLOP.
  /// - Parameters:
  ///   - lanes: the recipe's; each aligned subtree of those that a rank carries has gradients of its own.
  ///   - ranks: among how many they are shared.
  ///   - sequences: how many are trained on, of which a probe keeps something.
  init<E: Encoder, O: Objective>(
    _ model: Model<E, O>, data: DataDescription, lanes: Int, ranks: Int, sequences: Int = 0
  ) throws {
    let (short, long) = 3 * model.encoder.cost(ofLength: 4096) > 20_000_000_000 ? (128, 384) : (1024, 3072)
    // Where views of both are equally long there have to be more sequences, not longer ones.
    let fixed = model.objective.shortestSequence?.timesteps ?? Self.piece(model.computed, short, long)
    let batches = [short, long].map { timesteps in
      fixed.map { [Int](repeating: $0, count: max(1, short / $0) * timesteps / short) } ?? [timesteps]
    }
    let timesteps = batches.map { $0.reduce(0) { $0 + model.computed($1) } }
    let peaks = try batches.map { try Self.peak(model, data: data, lengths: $0) }
    let slope = Double(peaks[1] - peaks[0]) / Double(timesteps[1] - timesteps[0])
    // One batch more is read while another is computed with; where values are normalised it is held twice.
    bytesPerTimestep = slope + Double(2 * 4 * data.features)
    let rows = (0..<ranks).map { LaneTree.nodes(covering: LaneTree.lanes(ofRank: $0, of: ranks, lanes: lanes)).count }
    parameterBytes =
      model.store.count * 4 * (3 + (rows.max() ?? 1)) + max(0, peaks[0] - Int(slope * Double(timesteps[0])))
      + (model.frozenEmbeddings?.bytes(sequences: sequences) ?? 0)
  }

  /// A length whose views grow with it, where those of `short` and `long` do not.
  private static func piece(_ computed: (Int) -> Int, _ short: Int, _ long: Int) -> Int? {
    guard computed(long) == computed(short) else { return nil }
    var piece = 1
    while 2 * piece < short && computed(2 * piece) > computed(piece) { piece *= 2 }
    return piece
  }

  /// Bytes of a step of so many timesteps on one rank; the program itself comes on top.
  func bytes(timesteps: Int) -> Int { Int(bytesPerTimestep * Double(timesteps)) + parameterBytes }

  /// What it is made of, and what it comes to for a step.
  func text(timesteps: Int) -> String {
    "\(Self.megabytes(bytes(timesteps: timesteps))) MB on the fullest rank (\(timesteps) timesteps of a step, "
      + "\(Int(bytesPerTimestep.rounded())) bytes each; parameters, their gradients and the like \(Self.megabytes(parameterBytes)) MB), beside the program"
  }

  private static func megabytes(_ bytes: Int) -> Int { (bytes + 999_999) / 1_000_000 }

  private static func peak<E: Encoder, O: Objective>(
    _ model: Model<E, O>, data: DataDescription, lengths: [Int]
  ) throws -> Int {
    // How many of several threads come to work differs from time to time.
    let threads = Workers.count
    Workers.use(1)
    defer { Workers.use(threads) }
    let before = StoragePool.shared.usage.liveBytes
    StoragePool.shared.forgetPeak()
    let values = PackedTensor(layout: RaggedLayout(lengths: lengths), channels: data.features)
    values.base.update(repeating: 0, count: values.count)
    let batch = Batch(raw: values, values: values, ids: Array(lengths.indices), labels: lengths.map { _ in 0 })
    _ = try model.gradients(ofAlone: batch, seed: 0, epoch: 0)
    return StoragePool.shared.usage.peakBytes - before
  }
}
