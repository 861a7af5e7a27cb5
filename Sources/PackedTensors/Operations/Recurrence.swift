internal import CKernels

/// One direction of a recurrent layer over packed sequences: the part that goes from timestep to timestep.
///
/// Sequences are independent of each other, so that any of them may go together: each thread takes some, the longest first,
/// and steps through them at once; who has ended takes no part. A hidden state begins as zeros. Each element of the product
/// with the state is one chain of multiply-adds, whoever else is alive, so that a sequence has its bits alone and in any
/// batch.
public struct Recurrence: Sendable, Hashable {
  /// What happens at a timestep.
  public let cell: RecurrentCell
  /// Hidden channels.
  public let width: Int
  /// Whether it goes from a sequence's end to its start.
  public let isReversed: Bool
  /// What is multiplied: in bfloat16 the hidden state, the gradient of its product and the weight are rounded.
  public let precision: Precision

  /// A recurrence of `width` hidden channels.
  public init(_ cell: RecurrentCell, width: Int, isReversed: Bool = false, precision: Precision = .float32) {
    precondition(width >= 1, "a recurrence of \(width) channels")
    self.cell = cell
    self.width = width
    self.isReversed = isReversed
    self.precision = precision
  }

  /// Channels of all gates.
  public var columns: Int { cell.gates * width }
  /// The product with the state.
  var geometry: ConvolutionGeometry { ConvolutionGeometry(inputChannels: width, outputChannels: columns, kernel: 1) }

  /// What the adjoint needs.
  public struct Saved {
    /// The gates, `[timesteps, columns]`.
    let gates: PackedTensor
    /// Of an LSTM the cell's states; of a GRU the product's part of the new gate: `[timesteps, width]`.
    let inner: PackedTensor
    /// Hidden states, `[timesteps, width]`.
    public let hidden: PackedTensor
  }

  /// Hidden states of all timesteps.
  /// - Parameters:
  ///   - projected: the input's part of the gates, W x + b, `[timesteps, columns]`; it is overwritten.
  ///   - weight: `[columns, width]`.
  ///   - bias: of the product, `[columns]`.
  /// - Complexity: `2·width·columns` FLOP a timestep; one after another along the longest sequence.
  public func forward(_ projected: PackedTensor, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>) -> Saved {
    precondition(projected.channels == columns, "\(projected.channels) channels given to a recurrence of \(columns)")
    let layout = projected.layout
    let saved = Saved(
      gates: projected, inner: PackedTensor(layout: layout, channels: width),
      hidden: PackedTensor(layout: layout, channels: width))
    let weights = PackedWeights(forward: weight, geometry, precision)
    let bias = ChannelVector(Array(UnsafeBufferPointer(start: bias, count: columns)))
    let groups = SequencesInStep.groups(layout, isReversed: isReversed)
    bias.padded.withUnsafeBufferPointer { bias in
      let start = bias.baseAddress!
      Workers.forEach(groups.count) { advance(groups[$0], saved, weights, start) }
    }
    return saved
  }

  private func advance(
    _ group: SequencesInStep, _ saved: Saved, _ weights: PackedWeights, _ bias: UnsafePointer<Float>
  ) {
    let kernels = ConvolutionKernels(precision, geometry, rows: group.count)
    let product = StoragePool.shared.lease(group.count * columns)
    let states = StoragePool.shared.lease(group.count * width)
    states.base.update(repeating: 0, count: group.count * width)
    let zeros = StoragePool.shared.lease(width)
    zeros.base.update(repeating: 0, count: width)
    for (step, alive) in group.alive.enumerated() {
      kernels.convolve(
        geometry.kernelParameters, states.base, rows: alive, from: 0, length: alive, weights, bias: bias,
        to: product.base, rowStride: columns, 0..<alive)
      for index in 0..<alive {
        let row = group.row(index, step)
        let (state, part) = (states.base + index * width, product.base + index * columns)
        let (gates, inner, hidden) = (saved.gates.row(row), saved.inner.row(row), saved.hidden.row(row))
        switch cell {
        case .lstm:
          let before = step == 0 ? zeros.base : saved.inner.row(group.row(index, step - 1))
          Kernels.active.lstm_cell(gates, part, before, width, inner, hidden)
        case .gru:
          Kernels.active.gru_cell(gates, part, state, width, inner, hidden)
        }
        state.update(from: hidden, count: width)
      }
    }
  }
}

/// Sequences through which one thread steps together, the longest first: those alive at a step are the first ones.
struct SequencesInStep {
  /// How many of them are alive at each step.
  let alive: [Int]
  private let first: [Int]
  private let direction: Int

  /// A layout's sequences dealt to the threads, about as many timesteps to each.
  static func groups(_ layout: RaggedLayout, isReversed: Bool) -> [SequencesInStep] {
    let order = (0..<layout.sequences).sorted {
      (layout.length(of: $1), $0) < (layout.length(of: $0), $1)
    }
    let threads = min(Workers.count, order.count)
    return (0..<threads).map { thread in
      SequencesInStep(stride(from: thread, to: order.count, by: threads).map { order[$0] }, layout, isReversed)
    }
  }

  private init(_ order: [Int], _ layout: RaggedLayout, _ isReversed: Bool) {
    let lengths = order.map(layout.length(of:))
    var alive: [Int] = []
    alive.reserveCapacity(lengths[0])
    var count = lengths.count
    for step in 0..<lengths[0] {
      while lengths[count - 1] <= step { count -= 1 }
      alive.append(count)
    }
    self.alive = alive
    first = order.map { isReversed ? layout.offsets[$0 + 1] - 1 : layout.offsets[$0] }
    direction = isReversed ? -1 : 1
  }

  /// Number of sequences.
  var count: Int { first.count }
  /// The row of a sequence at a step.
  func row(_ index: Int, _ step: Int) -> Int { first[index] + direction * step }
}
