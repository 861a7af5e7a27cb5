import Foundation
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
        layout.forEachLeaf(in: piece) { ofPieces.append([piece.lane, $0, $1.lowerBound, $1.upperBound]) }
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
      /// - Parameters:
      ///   - order: in which the pieces are summed.
      ///   - atOnce: how many of them at a time. They are all this thread's.
      func sums(_ pieces: [LanePiece], _ order: [Int], threads: Int, atOnce: Int = 1) -> LaneSums {
        var sums = LaneSums(lanes: layout.carriedLanes, count: count)
        let leaves = SharedLeaves(layout: layout, team: Workers.Team(threads: threads), pieces: pieces)
        sums.withLeaves(leaves, leavesOfEach: factor) { sums in
          var open: [LeafSums.Place] = []
          for piece in order.map({ pieces[$0] }) {
            var place = sums.begin(piece)
            for leaf in piece.leaves {
              place.add(rows: factor * KernelSizes.leaf) { rows, sums in
                for part in rows.lowerBound / KernelSizes.leaf..<rows.upperBound / KernelSizes.leaf {
                  for index in 0..<count { sums[index] += value(factor * leaf + part, index) }
                }
              }
            }
            open.append(place)
            if open.count == atOnce { sums.end(open.removeFirst()) }
          }
          for place in open { sums.end(place) }
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
          for atOnce in [1, 2, 5] {
            let got = sums(pieces, order, threads: 2, atOnce: atOnce)
            #expect(got == expected, "pieces of \(most), \(atOnce) at once, order \(order)")
          }
          var numbers = Numbers(seed: UInt64(turn))
          order = zip(numbers.floats(order.count), pieces.indices).sorted { $0 < $1 }.map(\.1)
        }
      }
    }
  }

  /// Threads that together form sums of a lane, whichever comes first.
  @Test(arguments: [2, 5]) func sumsOfThreadsHaveOneOrder(threads: Int) {
    defer { Workers.use(1) }
    let layout = RaggedLayout(lengths: [400 * KernelSizes.leaf, 7, 1600 * KernelSizes.leaf])
    func sums(_ threads: Int) -> LaneSums {
      Workers.use(threads)
      var sums = LaneSums(lanes: 1, count: 2)
      layout.shareLeaves { leaves in
        sums.withLeaves(leaves) { sums in
          leaves.forEach { piece in
            var place = sums.begin(piece)
            for leaf in piece.leaves {
              place.add(rows: KernelSizes.leaf) { _, sums in
                for index in 0..<2 { sums[index] += (leaf % 3 == 0 ? 1e16 : -1e15) / Double(leaf + index + 3) }
              }
            }
            sums.end(place)
          }
        }
      }
      return sums
    }
    let expected = sums(1)
    for _ in 0..<200 { #expect(sums(threads) == expected) }
  }

  /// Waits until no other suite has the threads.
  private func waitForTeam(of threads: Int) {
    let start = ContinuousClock.now
    while Workers.withTeam(of: threads, { $0.threads }) < threads {
      #expect(ContinuousClock.now - start < .seconds(60), "nobody gives \(threads) threads back")
      if ContinuousClock.now - start > .seconds(60) { return }
      usleep(1000)
    }
  }

  /// What `forEachLane` does on so many threads: the leaves of each lane's sum, and how often each piece's unordered work
  /// was done, with a sum and besides.
  private func works(
    _ layout: RaggedLayout, _ unordered: UnorderedWork, threads: Int
  ) -> (sums: [[Int]], together: [Int], rest: [Int], threads: Int) {
    Workers.use(threads)
    waitForTeam(of: threads)
    return layout.shareLeaves { leaves in
      let pieces = leaves.pieces.count
      let together = Mutex([Int](repeating: 0, count: pieces))
      let rest = Mutex([Int](repeating: 0, count: pieces))
      var sums: [[Int]] = []
      leaves.forEachLane(
        unordered: unordered, elements: 1000,
        sum: { pieces, count, memory in
          memory[0] = 0
          for piece in pieces {
            for leaf in piece.leaves {
              memory[0] += 1
              memory[Int(memory[0])] = Float(leaf)
            }
          }
          together.withLock { for piece in pieces.prefix(count) { $0[piece.index] += 1 } }
        },
        rest: { next in
          while let piece = next() { rest.withLock { $0[piece.index] += 1 } }
        },
        finish: { lane, memory in
          #expect(lane == sums.count)
          sums.append((0..<Int(memory[0])).map { Int(memory[$0 + 1]) })
        })
      return (sums, together.withLock { $0 }, rest.withLock { $0 }, leaves.team.threads)
    }
  }

  @Test(arguments: [1, 2, 3, 8]) func lanesAreSummedInOrderAndTheRestIsDoneOnce(threads: Int) {
    defer { Workers.use(1) }
    for layout in [Self.uneven, Self.oneLane, RaggedLayout(lengths: [0]), RaggedLayout(lengths: [], laneBounds: [0])] {
      var leaves = (0..<layout.carriedLanes).map { _ in [Int]() }
      var leaf = 0
      layout.forEachLeaf { lane, _, _ in
        leaves[lane].append(leaf)
        leaf += 1
      }
      for unordered in [UnorderedWork.none, .apart, .together] {
        let (sums, together, rest, threads) = works(layout, unordered, threads: threads)
        let name = "\(unordered), \(layout.laneBounds) on \(threads) threads"
        #expect(sums == leaves, "\(name)")
        let done = zip(together, rest).map(+)
        #expect(done == done.map { _ in unordered == .none ? 0 : 1 }, "\(name)")
        if unordered == .apart { #expect(together.allSatisfy { $0 == 0 }, "\(name)") }
        guard unordered == .together, !done.isEmpty else { continue }
        // One of two threads has the long lane: some of its work is left for the other.
        if threads == 1 { #expect(rest.allSatisfy { $0 == 0 }, "\(name)") }
        if threads == 2 { #expect(rest.contains(1), "\(name)") }
        if threads == 2 && layout == Self.uneven { #expect(together.contains(1), "\(name)") }
      }
    }
  }

  @Test func whatFailsBetweenLanesLeavesTheThreads() {
    defer { Workers.use(1) }
    Workers.use(2)
    struct Refused: Error {}
    let trial = ConvolutionTrial(
      ConvolutionGeometry(inputChannels: 2, outputChannels: 3, kernel: 3), layout: Self.uneven, inputMap: nil,
      gradientMap: false, target: .new, activation: nil, withBias: true, precision: .float32, seed: 1)
    var lanes = 0
    #expect(throws: Refused.self) {
      try Convolution.parameterGradient(trial.geometry, trial.input, trial.gradient, withBias: true) { lane, _ in
        lanes += 1
        if lane == 1 { throw Refused() }
      }
    }
    #expect(lanes == 2)
    waitForTeam(of: 2)
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
    // Weights that are visited apart from the input's gradient.
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
      func add(_ lane: ConvolutionLaneGradient) {
        var weight = trial.weight
        weight.withUnsafeMutableBufferPointer { lane.unpack(lane.packedWeight, to: $0.baseAddress!) }
        bits += (weight + UnsafeBufferPointer(start: lane.bias!, count: geometry.outputChannels)).map {
          UInt64($0.bitPattern)
        }
      }
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
      ) { add($1) }
      bits += (dx?.bits ?? []) + adjoint!.sums.bits
      guard target == .new else { continue }
      Convolution.parameterGradient(
        geometry, trial.input, trial.gradient, precision: .bfloat16, withBias: true,
        isCounted: (0..<layout.sequences).map { $0 % 3 != 2 }
      ) { add($1) }
      let alone = Convolution.inputGradient(
        geometry, trial.gradient, weight: trial.weight, layout: layout, activation: &adjoint)
      let skip = PackedTensor(
        layout: layout.strided(by: geometry.stride), channels: geometry.outputChannels, elements: trial.z)
      bits +=
        Convolution.evaluate(
          geometry, trial.input.tensor, weight: trial.weight, bias: trial.bias, precision: .bfloat16, activation: .relu,
          overwriting: skip
        ).bits
      bits +=
        TransposedConvolution.forward(
          geometry, trial.gradient.tensor, weight: trial.weight, bias: trial.shift, layout: layout
        ).bits
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
    var lanes: [UInt64] = []
    let dx = LayerNormalisation.backward(x, normed, gain: numbers.floats(channels), epsilon: 1e-5) {
      lanes += UnsafeBufferPointer(start: $1, count: 2 * channels).map { UInt64($0.bitPattern) }
    }
    let losses = Losses.huber(normed.copied(), targets: x.elements)
    let classes = Losses.crossEntropy(x.copied(), targets: (0..<layout.timesteps).map { Int32($0 % channels) })
    let categories = PackedTensor(
      layout: layout, channels: 2, elements: (0..<2 * layout.timesteps).map { Float($0 % 5) })
    let embedded = Embedding.forward(categories, table: numbers.floats(10 * channels), categories: 5, width: channels)
    Embedding.backward(categories, x, categories: 5) {
      lanes += UnsafeBufferPointer(start: $1, count: 10 * channels).map { UInt64($0.bitPattern) }
    }
    let sums = losses.loss.bits + classes.loss.bits
    return pooled + moments.sums.bits + normed.bits + dx.bits + lanes + sums + embedded.bits
  }
}

extension PackedTensor {
  fileprivate var bits: [UInt64] { elements.map { UInt64($0.bitPattern) } }
}

extension LaneSums {
  fileprivate var bits: [UInt64] { values.map(\.bitPattern) }
}
