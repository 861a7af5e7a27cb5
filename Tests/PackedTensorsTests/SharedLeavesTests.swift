import Synchronization
import TestSupport
import Testing

@testable import PackedTensors

/// How threads share the leaves of a step, and that no bit depends on it. Within the suite that sets the number of threads.
extension WorkersTests {
  /// Empty lanes, sequences without a timestep, and one sequence longer than all others together.
  private static let uneven = RaggedLayout(
    lengths: [1, 0, 97, 96, 1100, 0, 192, 300, 5], laneBounds: [0, 0, 3, 3, 6, 9])
  private static let oneLane = RaggedLayout(lengths: [600, 40])

  @Test(arguments: [1, 2, 3, 4, 8, 31, .max]) func piecesAreTheLeavesInOrder(most: Int) {
    for layout in [Self.uneven, Self.oneLane, RaggedLayout(lengths: [0, 0]), RaggedLayout(lengths: [])] {
      var (leaves, ofPieces): ([[Int]], [[Int]]) = ([], [])
      layout.forEachLeaf { leaves.append([$0, $1, $2.lowerBound, $2.upperBound]) }
      let pieces = layout.pieces(of: most)
      var rows = 0
      for (index, piece) in pieces.enumerated() {
        #expect(piece.index == index && piece.leaves.lowerBound == ofPieces.count && piece.leaves.count <= most)
        layout.forEachLeaf(of: piece) { ofPieces.append([piece.lane, $0, $1.lowerBound, $1.upperBound]) }
        #expect(piece.leaves.upperBound == ofPieces.count)
        #expect(layout.rows(of: piece).lowerBound == rows)
        rows = layout.rows(of: piece).upperBound
        if index + 1 < pieces.count && pieces[index + 1].lane == piece.lane { #expect(piece.leaves.count == most) }
      }
      #expect(ofPieces == leaves && rows == layout.timesteps, "\(layout.offsets) in pieces of \(most)")
    }
  }

  @Test func threadsBeginWithTheirOwnPartAndHelpFromTheEnd() {
    let shared = SharedPieces(10, among: 2)
    #expect([shared.next(for: 1), shared.next(for: 0), shared.next(for: 1)] == [5, 0, 6])
    for piece in [1, 2] { #expect(shared.next(for: 0) == piece) }
    for piece in [7, 8, 9, 4, 3, nil, nil] { #expect(shared.next(for: 1) == piece) }
    #expect(shared.next(for: 0) == nil)
    #expect(SharedPieces(0, among: 3).next(for: 2) == nil)
  }

  /// Sums that cancel, so that another order has other bits.
  @Test func sumsDoNotDependOnTheOrderOfPieces() {
    for (layout, factor) in [(Self.uneven, 1), (Self.uneven, 2), (Self.oneLane, 1)] {
      let count = 3
      func value(_ leaf: Int, _ index: Int) -> Double { (leaf % 3 == 0 ? 1e16 : -1e15) / Double(leaf + index + 3) }
      /// - Parameter order: in which the pieces are summed; two of them at a time.
      func sums(_ pieces: [LanePiece], _ order: [Int], threads: Int) -> LaneSums {
        var sums = LaneSums(lanes: layout.carriedLanes, count: count)
        let leaves = SharedLeaves(layout: layout, team: Workers.Team(threads: threads), pieces: pieces)
        sums.withLeaves(leaves, factor: factor) { sums in
          var last: LeafSums.Place?
          for piece in order.map({ pieces[$0] }) {
            var place = sums.begin(piece)
            for leaf in piece.leaves {
              place.add(rows: factor * KernelSizes.leaf) { rows, sums in
                for part in rows.lowerBound / KernelSizes.leaf..<rows.upperBound / KernelSizes.leaf {
                  for index in 0..<count { sums[index] += value(factor * leaf + part, index) }
                }
              }
            }
            if let last { sums.end(last) }
            last = place
          }
          if let last { sums.end(last) }
        }
        return sums
      }
      let lanes = layout.pieces(of: .max)
      let expected = sums(lanes, Array(lanes.indices), threads: 1)
      #expect(expected.values.contains { $0 != 0 })
      for most in [1, 4] {
        let pieces = layout.pieces(of: most)
        var order = Array(pieces.indices)
        for turn in 0..<20 {
          #expect(sums(pieces, order, threads: 2) == expected, "pieces of \(most), order \(order)")
          var numbers = Numbers(seed: UInt64(turn))
          order = zip(numbers.floats(order.count), pieces.indices).sorted { $0 < $1 }.map(\.1)
        }
      }
    }
  }

  /// All operations whose leaves are shared, each with what it fuses.
  @Test func theNumberOfThreadsTouchesNoBit() {
    defer { Workers.use(1) }
    func results(_ bits: () -> [UInt64]) -> [[UInt64]] {
      [1, 2, 3, 7].map { threads in
        Workers.use(threads)
        return bits()
      }
    }
    let geometries = [
      ConvolutionGeometry(inputChannels: 32, outputChannels: 40, kernel: 3),
      ConvolutionGeometry(inputChannels: 6, outputChannels: 5, kernel: 5, dilation: 2, causal: true),
      ConvolutionGeometry(inputChannels: 3, outputChannels: 16, kernel: 4, stride: 2),
      ConvolutionGeometry(inputChannels: 1, outputChannels: 2, kernel: 3, dilation: 100),
    ]
    for layout in [Self.uneven, Self.oneLane] {
      for (seed, geometry) in geometries.enumerated() {
        let all = results { convolutionBits(geometry, layout, seed: UInt64(seed)) }
        #expect(all.allSatisfy { $0 == all[0] }, "\(geometry)")
      }
      let all = results { joinBits(layout) + rowBits(layout) }
      #expect(all.allSatisfy { $0 == all[0] }, "joins and rows")
    }
    // Weights that are visited after the input's gradient.
    let wide = ConvolutionGeometry(inputChannels: 128, outputChannels: 128, kernel: 3)
    let all = results { convolutionBits(wide, Self.oneLane, seed: 9, targets: [.new]) }
    #expect(all.allSatisfy { $0 == all[0] }, "\(wide)")
  }

  private func convolutionBits(
    _ geometry: ConvolutionGeometry, _ layout: RaggedLayout, seed: UInt64,
    targets: [ConvolutionTrial.Target] = ConvolutionTrial.Target.allCases
  ) -> [UInt64] {
    var bits: [UInt64] = []
    for target in targets {
      let trial = ConvolutionTrial(
        geometry, layout: layout, inputMap: .relu, gradientMap: true, target: target, activation: .relu, withBias: true,
        precision: .float32, seed: seed)
      var moments: MomentSums? = MomentSums(
        pivot: [Float](repeating: 0.25, count: geometry.outputChannels), lanes: layout.carriedLanes)
      let y = Convolution.forward(geometry, trial.input, weight: trial.weight, bias: trial.bias, moments: &moments)
      bits += y.bits + moments!.sums.bits
      var adjoint: ActivationAdjoint? = ActivationAdjoint(
        input: trial.input.tensor, affine: trial.affine, activation: .relu,
        standardise: ChannelAffine(scale: trial.inverse, shift: trial.offset))
      let old = PackedTensor(layout: layout, channels: geometry.inputChannels, elements: trial.old)
      let dx = Convolution.backward(
        geometry, trial.input, trial.gradient, weight: trial.weight,
        inputGradient: target == .none ? .none : target == .new ? .new : .added(old), activation: &adjoint,
        withBias: true
      ) { _, part in
        var weight = trial.weight
        weight.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
        bits += (weight + UnsafeBufferPointer(start: part.bias!, count: geometry.outputChannels)).map {
          UInt64($0.bitPattern)
        }
      }
      bits += (dx?.bits ?? []) + adjoint!.sums.bits
      guard target == .new else { continue }
      let alone = Convolution.inputGradient(
        geometry, trial.gradient, weight: trial.weight, layout: layout, activation: &adjoint)
      let evaluated = Convolution.evaluate(
        geometry, trial.input.tensor, weight: trial.weight, bias: trial.bias, activation: .gelu)
      bits += alone.bits + adjoint!.sums.bits + evaluated.bits
    }
    return bits
  }

  private func joinBits(_ layout: RaggedLayout) -> [UInt64] {
    let channels = 20
    var numbers = Numbers(seed: 3)
    func tensor(_ layout: RaggedLayout) -> PackedTensor {
      PackedTensor(layout: layout, channels: channels, elements: numbers.floats(layout.timesteps * channels))
    }
    func normalisation() -> Normalisation {
      Normalisation(
        moments: BatchMoments(
          mean: numbers.floats(channels).doubles, variance: numbers.floats(channels).map { Double($0 * $0) }, count: 9),
        gain: numbers.floats(channels), bias: numbers.floats(channels), epsilon: 1e-5)
    }
    return [false, true].flatMap { isProjected in
      let join = ResidualJoin(
        branch: tensor(layout), normalisation: normalisation(), skip: tensor(layout),
        skipNormalisation: isProjected ? normalisation() : nil, activation: .relu)
      let output = join.forward()
      let adjoints = [OutputGradient(tensor(layout)), OutputGradient(repeating: tensor(layout.pooled))].map {
        join.backward($0, output: output)
      }
      return output.bits + adjoints.flatMap { $0.gradient.bits + $0.branchSums.bits + ($0.skipSums?.bits ?? []) }
    }
  }

  private func rowBits(_ layout: RaggedLayout) -> [UInt64] {
    // Pooling a sequence without a timestep gives nothing to compare.
    let layout = RaggedLayout(lengths: (0..<layout.sequences).map(layout.length(of:)).filter { $0 > 0 })
    let channels = 20
    var numbers = Numbers(seed: 4)
    let x = PackedTensor(layout: layout, channels: channels, elements: numbers.floats(layout.timesteps * channels))
    let pooled = Pooling.allCases.flatMap { pooling in
      let (row, saved) = pooling.forward(x)
      let gradient = pooling.backward(row, saved)
      return row.bits + gradient.tensor.bits
    }
    var moments = MomentSums(pivot: numbers.floats(channels), lanes: layout.carriedLanes)
    moments.add(x)
    let normed = LayerNormalisation.forward(
      x, gain: numbers.floats(channels), bias: numbers.floats(channels), epsilon: 1e-5)
    normed.add(x)
    return pooled + moments.sums.bits + normed.bits
  }
}

extension PackedTensor {
  fileprivate var bits: [UInt64] { elements.map { UInt64($0.bitPattern) } }
}

extension LaneSums {
  fileprivate var bits: [UInt64] { values.map(\.bitPattern) }
}
