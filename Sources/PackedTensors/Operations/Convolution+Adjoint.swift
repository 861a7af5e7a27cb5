internal import CKernels

/// One carried lane's gradient of a convolution's parameters, as it leaves the kernel.
public struct ConvolutionLaneGradient {
  let geometry: ConvolutionGeometry
  /// Elements of `packedWeight`.
  public let packedCount: Int
  /// The weight's gradient in the kernels' layout; lanes are added in it, and ``unpack(_:to:)`` brings the total into
  /// order.
  public let packedWeight: UnsafeMutablePointer<Float>
  /// The bias's gradient, `[outputChannels]`, or none.
  public let bias: UnsafeMutablePointer<Float>?

  /// Writes a packed total as `[outputChannels, inputChannels, kernel]`.
  public func unpack(_ packed: UnsafePointer<Float>, to weight: UnsafeMutablePointer<Float>) {
    PackedWeights.unpack(packed, geometry, to: weight)
  }
}

extension Convolution {
  /// Where the gradient with respect to the input goes.
  public enum InputGradient {
    /// It is not wanted.
    case none
    /// Written to a new tensor.
    case new
    /// Added to this tensor, which already holds another part of it.
    case added(PackedTensor)
  }

  /// The adjoint of ``forward(_:_:weight:bias:precision:moments:)``.
  ///
  /// Chunk by chunk of the output: its gradient is formed from the normalisation behind it, the input from the one before
  /// it; its leaves' weight and bias gradients are added to the lane's; the input rows that begin in the chunk get their
  /// gradient, which then passes the adjoint of the activation before the convolution, if there is one.
  /// - Parameters:
  ///   - input: what `forward` read.
  ///   - gradient: gradient of the output.
  ///   - precision: what is multiplied: in bfloat16 the mapped input, the mapped gradient and the weight are rounded.
  ///   - inputGradient: what to do with the input's gradient.
  ///   - activation: adjoint of the activation on the input, applied to the input's gradient; its sums are added to.
  ///   - withBias: whether the bias's gradient is wanted.
  ///   - laneFinished: given each carried lane's parameter gradient, in lane order. The memory is used again after it
  ///     returns.
  /// - Returns: the input's gradient, if wanted.
  /// - Complexity: `4·in·out·kernel` FLOP an output timestep.
  public static func backward(
    _ geometry: ConvolutionGeometry, _ input: NormalisedInput, _ gradient: NormalisedGradient,
    weight: UnsafePointer<Float>, precision: Precision = .float32,
    inputGradient: InputGradient, activation: inout ActivationAdjoint?, withBias: Bool,
    laneFinished: (_ lane: Int, ConvolutionLaneGradient) throws -> Void
  ) rethrows -> PackedTensor? {
    let adjoint = InputAdjoint(geometry, weight: weight, precision, target: inputGradient, layout: input.tensor.layout)
    try run(
      geometry, gradient, adjoint, activation: &activation, precision,
      parameters: Parameters(input: input, withBias: withBias, isCounted: nil), laneFinished: laneFinished)
    return adjoint?.output
  }

  /// The adjoint with respect to the input alone.
  /// - Parameters:
  ///   - layout: of the input.
  ///   - target: what is added to, such as a bias at every row; none: a new tensor is written.
  public static func inputGradient(
    _ geometry: ConvolutionGeometry, _ gradient: NormalisedGradient, weight: UnsafePointer<Float>,
    precision: Precision = .float32, layout: RaggedLayout, addedTo target: PackedTensor? = nil,
    activation: inout ActivationAdjoint?
  ) -> PackedTensor {
    let adjoint = InputAdjoint(
      geometry, weight: weight, precision, target: target.map { .added($0) } ?? .new, layout: layout)!
    run(geometry, gradient, adjoint, activation: &activation, precision, parameters: nil) { _, _ in }
    return adjoint.output
  }

  /// The adjoint with respect to the parameters alone.
  /// - Parameters:
  ///   - withBias: whether the bias's gradient is wanted.
  ///   - isCounted: whether a sequence takes part in the bias's gradient; none: all do.
  ///   - laneFinished: as in ``backward(_:_:_:weight:precision:inputGradient:activation:withBias:laneFinished:)``.
  public static func parameterGradient(
    _ geometry: ConvolutionGeometry, _ input: NormalisedInput, _ gradient: NormalisedGradient,
    precision: Precision = .float32, withBias: Bool, isCounted: [Bool]? = nil,
    laneFinished: (_ lane: Int, ConvolutionLaneGradient) throws -> Void
  ) rethrows {
    var none: ActivationAdjoint?
    try run(
      geometry, gradient, nil, activation: &none, precision,
      parameters: Parameters(input: input, withBias: withBias, isCounted: isCounted), laneFinished: laneFinished)
  }

  /// What the parameters' gradient is formed from.
  private struct Parameters {
    let input: NormalisedInput
    let withBias: Bool
    let isCounted: [Bool]?

    /// The same with the input's map applied.
    func materialised() -> Parameters {
      Parameters(input: NormalisedInput(input.materialised()), withBias: withBias, isCounted: isCounted)
    }
  }

  private static func run(
    _ geometry: ConvolutionGeometry, _ gradient: NormalisedGradient, _ adjoint: InputAdjoint?,
    activation: inout ActivationAdjoint?, _ precision: Precision, parameters: Parameters?,
    laneFinished: (_ lane: Int, ConvolutionLaneGradient) throws -> Void
  ) rethrows {
    let gradient = geometry.reachesFar ? NormalisedGradient(gradient.materialised()) : gradient
    let parameters = geometry.reachesFar ? parameters?.materialised() : parameters
    let layout = gradient.tensor.layout
    let inputLayout = (parameters?.input.tensor ?? adjoint!.output).layout
    let packedCount = PackedWeights.size(
      rows: geometry.kernel * geometry.inputChannels, columns: geometry.outputChannels)
    let biasAt = ConvolutionKernels.weightGradientSize(geometry, precision)
    let count = biasAt + geometry.outputChannels
    let gradientRows = geometry.leavesOfChunk * KernelSizes.leaf + 2 * geometry.reach + 2

    precondition(
      activation.map { $0.input.layout.offsets == inputLayout.offsets } ?? true,
      "the activation's input and the convolution's have different lengths")
    precondition(
      adjoint.map { $0.output.base != gradient.tensor.base && $0.output.base != parameters?.input.tensor.base } ?? true,
      "an input's gradient cannot overwrite what it is formed from")
    let adjointRows = adjoint.map { RowAddresses($0.output) }
    let (withBias, isCounted) = (parameters?.withBias ?? false, parameters?.isCounted)

    /// A lane's parameter gradient: what its input is read by, and where it is formed. Addresses alone: what a leaf takes out
    /// of an optional counts references otherwise. (190 ns a leaf, once: the weight gradient of 32 channels and one tap had
    /// 81 % of the multiply-adds' rate, and 90 without.)
    struct LaneGradient {
      let loader: InputLoader
      let sums: UnsafeMutablePointer<Float>
    }

    /// Adds the leaves of a chunk to a lane's parameter gradient, one by one, and fetches what comes next meanwhile.
    /// - Parameters:
    ///   - isAlone: whether the input's gradient is not formed with it.
    ///   - g: the chunk's output gradient, as it is loaded.
    func add(
      to own: LaneGradient, isAlone: Bool, _ chunk: Range<Int>, of sequence: Int, _ gradients: GradientLoader,
      _ g: UnsafePointer<Float>, _ kernels: ConvolutionKernels
    ) {
      let (inputFirst, first) = (inputLayout.offsets[sequence], layout.offsets[sequence])
      let length = inputLayout.length(of: sequence)
      let read = geometry.inputRows(for: chunk, length: length)
      let x = own.loader.rows(read.moved(by: inputFirst))
      chunk.forEachLeaf { rows in
        let leaf = g + (rows.lowerBound - chunk.lowerBound) * geometry.outputChannels
        // The next leaf is fetched; where a map has read the whole chunk before, the next chunk's.
        let next = rows.moved(by: gradients.input == nil ? rows.count : chunk.count)
        let nextInputs = rows.moved(by: own.loader.isMapped ? chunk.count : rows.count)
        var ahead = LeafAhead()
        ahead.add(gradients.gradient, rows: next.moved(by: first))
        if isAlone, let input = gradients.input { ahead.add(input, rows: next.moved(by: first)) }
        ahead.add(own.loader.input, rows: nextInputs.scaled(by: geometry.stride).moved(by: inputFirst))
        kernels.weightGradient(
          geometry.kernelParameters, x, from: read.lowerBound, length: length, leaf, to: own.sums, rows,
          ahead: &ahead.places)
      }
      if withBias && isCounted?[sequence] ?? true {
        Kernels.active.column_sums(g, nil, chunk.count, geometry.outputChannels, own.sums + biasAt)
      }
    }

    /// Forms a piece of a lane's parameter gradient, of its input's, or of both, chunk by chunk.
    func visit(
      _ piece: LanePiece, _ gradients: GradientLoader, _ kernels: ConvolutionKernels, ofInput adjoint: InputAdjoint?,
      ofParameters own: LaneGradient?, _ activation: ActivationAdjoint.Leaves?
    ) {
      var adjointOfActivation = adjoint == nil ? nil : activation?.begin(piece)
      layout.forEachChunk(of: geometry.leavesOfChunk, in: piece) { sequence, chunk in
        let (length, outputLength) = (inputLayout.length(of: sequence), layout.length(of: sequence))
        let (inputFirst, first) = (inputLayout.offsets[sequence], layout.offsets[sequence])
        let inputs = chunk.lowerBound * geometry.stride..<min(chunk.upperBound * geometry.stride, length)
        var needed = chunk
        if adjoint != nil {
          let read = geometry.outputRows(for: inputs, length: outputLength)
          needed = min(chunk.lowerBound, read.lowerBound)..<max(chunk.upperBound, read.upperBound)
        }
        let g = gradients.rows(needed.moved(by: first))
        // What the next chunk needs is fetched with the input's gradient, as far as the parameters' does not.
        var ahead = LeafAhead()
        if own == nil { ahead.add(gradients.gradient, behind: chunk.moved(by: first)) }
        if adjoint != nil, let input = gradients.input { ahead.add(input, behind: chunk.moved(by: first)) }
        if adjoint != nil, let adjointRows { ahead.add(adjointRows, behind: inputs.moved(by: inputFirst)) }
        if let own {
          let chunkGradient = g + (chunk.lowerBound - needed.lowerBound) * geometry.outputChannels
          add(to: own, isAlone: adjoint == nil, chunk, of: sequence, gradients, chunkGradient, kernels)
        }
        adjoint?.write(
          inputs, first: inputFirst, from: g, needed, outputLength: outputLength, kernels,
          activation: &adjointOfActivation, ahead: &ahead.places)
      }
      adjointOfActivation?.end()
    }

    /// Gives `body` what a thread computes with.
    func withKernels(_ body: (GradientLoader, ConvolutionKernels) -> Void) {
      let kernels = ConvolutionKernels(precision, geometry, rows: gradientRows)
      gradient.withLoader(rows: gradientRows) { body($0, kernels) }
    }

    try layout.shareLeaves(chunk: geometry.leavesOfChunk) { leaves in
      try withLeaves(leaves, of: &activation, leavesOfEach: geometry.stride) { activation in
        guard let parameters else {
          return leaves.run { next in
            withKernels { gradients, kernels in
              while let piece = next() {
                visit(piece, gradients, kernels, ofInput: adjoint, ofParameters: nil, activation)
              }
            }
          }
        }
        // Weights and their gradient that do not stay in the second cache together are visited one after the other: a
        // chunk's gradient is formed twice, and neither is read from memory anew for every chunk. On an Intel Xeon (Emerald
        // Rapids) 256 to 256 channels with 5 taps came from 85 to 93 % of the multiply-adds' rate.
        let isTogether = 2 * biasAt * MemoryLayout<Float>.size <= KernelSizes.secondCache
        try leaves.forEachLane(
          unordered: adjoint == nil ? .none : isTogether ? .together : .apart, elements: count,
          sum: { pieces, together, sums in
            sums.update(repeating: 0, count: count)
            withKernels { gradients, kernels in
              parameters.input.withLoader(geometry) { loader in
                let own = LaneGradient(loader: loader, sums: sums)
                for (index, piece) in pieces.enumerated() {
                  visit(
                    piece, gradients, kernels, ofInput: index < together ? adjoint : nil, ofParameters: own, activation)
                }
                kernels.finishWeightGradient(geometry.kernelParameters, sums)
              }
            }
          },
          rest: { next in
            withKernels { gradients, kernels in
              while let piece = next() {
                visit(piece, gradients, kernels, ofInput: adjoint, ofParameters: nil, activation)
              }
            }
          },
          finish: { lane, sums in
            try laneFinished(
              lane,
              ConvolutionLaneGradient(
                geometry: geometry, packedCount: packedCount, packedWeight: sums,
                bias: withBias ? sums + biasAt : nil))
          })
      }
    }
  }

  private static func withLeaves(
    _ leaves: SharedLeaves, of adjoint: inout ActivationAdjoint?, leavesOfEach: Int,
    _ body: (ActivationAdjoint.Leaves?) throws -> Void
  ) rethrows {
    guard adjoint != nil else { return try body(nil) }
    try adjoint!.withLeaves(leaves, leavesOfEach: leavesOfEach) { try body($0) }
  }
}

/// Writes the gradient with respect to a convolution's input.
///
/// It and its runs are classes: as structures they would be copied out of an optional and a list for every leaf, with a
/// reference counted for each tensor and list in them.
private final class InputAdjoint {
  let output: PackedTensor
  private let geometry: ConvolutionGeometry
  private let accumulate: Bool
  private let runs: [Run]

  /// Phases that one convolution writes, and its weights.
  private final class Run {
    let phases: AdjointPhases
    let packed: PackedWeights

    init(_ phases: AdjointPhases, _ packed: PackedWeights) { (self.phases, self.packed) = (phases, packed) }
  }

  init?(
    _ geometry: ConvolutionGeometry, weight: UnsafePointer<Float>, _ precision: Precision,
    target: Convolution.InputGradient,
    layout: RaggedLayout
  ) {
    switch target {
    case .none: return nil
    case .new:
      output = PackedTensor(layout: layout, channels: geometry.inputChannels)
      accumulate = false
    case .added(let tensor):
      output = tensor
      accumulate = true
    }
    self.geometry = geometry
    runs = geometry.adjointPhases.map { Run($0, PackedWeights(adjoint: weight, geometry, $0, precision)) }
  }

  /// Writes input rows `rows` (beginning at a multiple of the stride) from the output gradient, whose rows `given` are
  /// at `g`.
  func write(
    _ rows: Range<Int>, first: Int, from g: UnsafePointer<Float>, _ given: Range<Int>, outputLength: Int,
    _ kernels: ConvolutionKernels, activation: inout ActivationAdjoint.Piece?, ahead: UnsafeMutablePointer<ck_ahead>
  ) {
    let (channels, stride) = (output.channels, geometry.stride)
    let base = output.row(first)
    for run in runs {
      let (phase, count) = (run.phases.phase, run.phases.count)
      /// Writes the first `written` phases of each m.
      func write(_ m: Range<Int>, phases written: Int) {
        if m.isEmpty || written <= 0 { return }
        let y = base + (m.lowerBound * stride + phase) * channels
        if run.phases.taps.isEmpty {
          if accumulate { return }
          for row in 0..<m.count { (y + row * stride * channels).update(repeating: 0, count: written * channels) }
          return
        }
        kernels.convolve(
          run.phases.parameters(geometry, phases: written), g, rows: given.count, from: given.lowerBound,
          length: outputLength, run.packed, bias: nil, accumulate ? .added : [], to: y, rowStride: stride * channels, m,
          ahead: ahead)
      }
      let first = rows.lowerBound / stride
      // All phases of a run, as far as the rows go; then those that are left before a sequence's end.
      let whole = max(first, (rows.upperBound - phase - count + stride) / stride)
      write(first..<whole, phases: count)
      write(whole..<whole + 1, phases: rows.upperBound - whole * stride - phase)
    }
    activation?.apply(base + rows.lowerBound * channels, rows: rows.moved(by: first))
  }
}
