internal import CKernels

extension Recurrence {
  /// Gradients of what went into the gates.
  public struct Adjoint {
    /// Of the input's part, `[timesteps, columns]`.
    public let projected: PackedTensor
    /// Of the product with the state, `[timesteps, columns]`.
    public let product: PackedTensor
  }

  /// The adjoint of ``forward(_:weight:bias:)`` through time (Werbos 1990), from each sequence's last step to its first.
  /// - Parameters:
  ///   - gradient: `[timesteps, channels]`, of which `width` from `column` on are the gradient of the hidden states.
  ///   - saved: what `forward` returned; its gates are overwritten.
  ///   - weight: `[columns, width]`.
  /// - Complexity: `2·width·columns` FLOP a timestep; one after another along the longest sequence.
  public func backward(
    _ gradient: PackedTensor, column: Int, _ saved: Saved, weight: UnsafePointer<Float>
  ) -> Adjoint {
    let layout = gradient.layout
    precondition(
      saved.gates.layout.timesteps == layout.timesteps && column + width <= gradient.channels,
      "a gradient of [\(layout.timesteps), \(gradient.channels)] for \(width) channels from \(column) on")
    let adjoint = Adjoint(
      projected: saved.gates,
      product: cell == .lstm ? saved.gates : PackedTensor(layout: layout, channels: columns))
    let phase = geometry.adjointPhases[0]
    let weights = PackedWeights(adjoint: weight, geometry, phase, precision)
    let groups = SequencesInStep.groups(layout, isReversed: isReversed)
    Workers.forEach(groups.count) {
      retrace(groups[$0], gradient, column, saved, adjoint, phase.parameters(geometry, phases: 1), weights)
    }
    return adjoint
  }

  private func retrace(
    _ group: SequencesInStep, _ gradient: PackedTensor, _ column: Int, _ saved: Saved, _ adjoint: Adjoint,
    _ parameters: ck_convolution, _ weights: PackedWeights
  ) {
    let kernels = ConvolutionKernels(precision, geometry, rows: group.count)
    let product = StoragePool.shared.lease(group.count * columns)
    // What a later step says of the hidden state, and of the LSTM's cell.
    let states = StoragePool.shared.lease(group.count * width)
    let cells = StoragePool.shared.lease(group.count * width)
    for memory in [states, cells] { memory.base.update(repeating: 0, count: group.count * width) }
    let zeros = StoragePool.shared.lease(width)
    zeros.base.update(repeating: 0, count: width)
    for (step, alive) in group.alive.enumerated().reversed() {
      for index in 0..<alive {
        let row = group.row(index, step)
        let state = states.base + index * width
        Kernels.active.add(state, gradient.row(row) + column, width)
        let (gates, inner) = (saved.gates.row(row), saved.inner.row(row))
        let before = cell == .lstm ? saved.inner : saved.hidden
        let last = step == 0 ? zeros.base : before.row(group.row(index, step - 1))
        switch cell {
        case .lstm:
          Kernels.active.lstm_cell_gradient(gates, last, inner, state, width, cells.base + index * width)
        case .gru:
          Kernels.active.gru_cell_gradient(gates, last, inner, width, state, adjoint.product.row(row))
        }
        (product.base + index * columns).update(from: adjoint.product.row(row), count: columns)
      }
      if step == 0 { break }
      // A GRU's state also goes on past the product.
      kernels.convolve(
        parameters, product.base, rows: alive, from: 0, length: alive, weights, bias: nil,
        cell == .lstm ? [] : .added, to: states.base, rowStride: width, 0..<alive)
    }
  }

  /// The gradient of the product's weight and bias: a sum over the timesteps of the last state's and the product's, leaf by
  /// leaf like that of a convolution whose tap lies one timestep back.
  /// - Parameter laneFinished: given each carried lane's, in lane order; the memory is used again after it returns.
  /// - Complexity: `2·width·columns` FLOP a timestep.
  public func parameterGradient(
    _ saved: Saved, _ adjoint: Adjoint, laneFinished: (_ lane: Int, ConvolutionLaneGradient) throws -> Void
  ) rethrows {
    let delayed = ConvolutionGeometry(
      inputChannels: width, outputChannels: columns, delay: isReversed ? -1 : 1)
    try Convolution.parameterGradient(
      delayed, NormalisedInput(saved.hidden), NormalisedGradient(adjoint.product), precision: precision, withBias: true,
      laneFinished: laneFinished)
  }
}
