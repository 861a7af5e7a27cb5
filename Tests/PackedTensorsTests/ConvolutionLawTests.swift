import PackedTensors
import TestSupport
import Testing

/// Laws of the convolution: the adjoint identities, and bits that no batch and no distribution changes.
@Suite struct ConvolutionLawTests {
  static let geometries = [
    ConvolutionGeometry(inputChannels: 3, outputChannels: 17, kernel: 3),
    ConvolutionGeometry(inputChannels: 17, outputChannels: 6, kernel: 5, stride: 3, dilation: 2),
    ConvolutionGeometry(inputChannels: 6, outputChannels: 33, kernel: 2, stride: 8, causal: true),
    ConvolutionGeometry(inputChannels: 16, outputChannels: 16, kernel: 15, stride: 2, dilation: 4, causal: true),
    ConvolutionGeometry(inputChannels: 1, outputChannels: 64, kernel: 1),
    ConvolutionGeometry(inputChannels: 33, outputChannels: 40, kernel: 3),  // by interpolation
  ]

  /// What a forward and backward pass leaves.
  struct Pass {
    let y, dx: PackedTensor
    let weights, biases: [[Float]]
    let moments, sums: LaneSums
  }

  /// Both passes with every fused part in use.
  static func pass(
    _ g: ConvolutionGeometry, _ precision: Precision, _ layout: RaggedLayout, x: [Float], dy: [Float], weight: [Float]
  ) -> Pass {
    let input = PackedTensor(layout: layout, channels: g.inputChannels, elements: x)
    let affine = ChannelAffine(
      scale: [Float](repeating: 1.25, count: g.inputChannels), shift: [Float](repeating: 0.125, count: g.inputChannels))
    var moments: MomentSums? = MomentSums(
      pivot: [Float](repeating: 0.25, count: g.outputChannels), lanes: layout.carriedLanes)
    let read = NormalisedInput(input, affine: affine, activation: .gelu)
    let y = Convolution.forward(g, read, weight: weight, bias: nil, precision: precision, moments: &moments)
    var adjoint: ActivationAdjoint? = ActivationAdjoint(
      input: input, affine: affine, activation: .gelu, standardise: affine)
    var (weights, biases): ([[Float]], [[Float]]) = ([], [])
    let gradient = PackedTensor(layout: y.layout, channels: g.outputChannels, elements: dy)
    let ones = [Float](repeating: 0.5, count: g.outputChannels)
    let behind = NormalisedGradient(gradient, adjoint: (y, NormalisationAdjoint(a: ones, b: ones, c: ones)))
    let dx = Convolution.backward(
      g, read, behind, weight: weight, precision: precision, inputGradient: .new, activation: &adjoint,
      withBias: true
    ) { _, part in
      var unpacked = [Float](repeating: 0, count: weight.count)
      unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
      weights.append(unpacked)
      biases.append(Array(UnsafeBufferPointer(start: part.bias, count: g.outputChannels)))
    }
    return Pass(y: y, dx: dx!, weights: weights, biases: biases, moments: moments!.sums, sums: adjoint!.sums)
  }

  @Test(arguments: geometries, Precision.allCases)
  func aSequenceAloneAndInABatch(g: ConvolutionGeometry, precision: Precision) {
    let layout = RaggedLayout(lengths: [1, 40, 97, 3, 250, 96])
    var numbers = Numbers(seed: 11)
    let x = numbers.floats(layout.timesteps * g.inputChannels)
    let outputs = layout.strided(by: g.stride)
    let dy = numbers.floats(outputs.timesteps * g.outputChannels)
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel)
    let batch = Self.pass(g, precision, layout, x: x, dy: dy, weight: weight)
    for sequence in 0..<layout.sequences {
      let alone = Self.pass(
        g, precision, RaggedLayout(lengths: [layout.length(of: sequence)]), x: slice(x, layout, sequence),
        dy: slice(dy, outputs, sequence),
        weight: weight)
      let name = "\(g), \(precision), sequence \(sequence)"
      report(Compare.bits("output of \(name)", slice(batch.y.elements, outputs, sequence), alone.y.elements))
      report(Compare.bits("input gradient of \(name)", slice(batch.dx.elements, layout, sequence), alone.dx.elements))
    }
  }

  /// With one tap no leaf needs another's rows: a sequence, whose leaves are convolved several by a call, gives what its leaves
  /// give as sequences of their own.
  @Test(arguments: [(1, 1, 1), (5, 2, 3), (16, 16, 1), (32, 32, 1)], Precision.allCases)
  func leavesAsSequences(shape: (inputs: Int, outputs: Int, stride: Int), precision: Precision) {
    let g = ConvolutionGeometry(
      inputChannels: shape.inputs, outputChannels: shape.outputs, kernel: 1, stride: shape.stride)
    let outputs = 9 * KernelSizes.leaf + 50
    let length = outputs * shape.stride
    var numbers = Numbers(seed: 13)
    let x = numbers.floats(length * g.inputChannels)
    let dy = numbers.floats(outputs * g.outputChannels)
    let weight = numbers.floats(g.outputChannels * g.inputChannels)
    let whole = Self.pass(g, precision, RaggedLayout(lengths: [length]), x: x, dy: dy, weight: weight)
    let leaves = RaggedLayout(
      lengths: [Int](repeating: KernelSizes.leaf * shape.stride, count: 9) + [50 * shape.stride])
    let parts = Self.pass(g, precision, leaves, x: x, dy: dy, weight: weight)
    let name = "\(g), \(precision)"
    report(Compare.bits("output of \(name)", whole.y.elements, parts.y.elements))
    report(Compare.bits("input gradient of \(name)", whole.dx.elements, parts.dx.elements))
    report(Compare.bits("weight gradient of \(name)", whole.weights[0], parts.weights[0]))
    report(Compare.bits("bias gradient of \(name)", whole.biases[0], parts.biases[0]))
    report(Compare.bits("moments of \(name)", whole.moments.values, parts.moments.values))
    report(Compare.bits("sums of \(name)", whole.sums.values, parts.sums.values))
  }

  @Test(arguments: geometries, Precision.allCases)
  func aLanesSumsWhoeverCarriesIt(g: ConvolutionGeometry, precision: Precision) {
    let lengths = [1, 40, 97, 3, 250, 96, 12]
    let bounds = [0, 2, 2, 5, 7]
    let all = RaggedLayout(lengths: lengths, laneBounds: bounds)
    var numbers = Numbers(seed: 12)
    let x = numbers.floats(all.timesteps * g.inputChannels)
    let outputs = all.strided(by: g.stride)
    let dy = numbers.floats(outputs.timesteps * g.outputChannels)
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel)
    let together = Self.pass(g, precision, all, x: x, dy: dy, weight: weight)
    for ranks in 1...4 {
      for rank in 0..<ranks {
        let lanes = LaneTree.lanes(ofRank: rank, of: ranks, lanes: 4)
        let sequences = bounds[lanes.lowerBound]..<bounds[lanes.upperBound]
        let part = RaggedLayout(
          lengths: Array(lengths[sequences]),
          laneBounds: (lanes.lowerBound...lanes.upperBound).map { bounds[$0] - sequences.lowerBound },
          globalLengths: lengths)
        let own = Self.pass(
          g, precision, part, x: sequences.flatMap { slice(x, all, $0) },
          dy: sequences.flatMap { slice(dy, outputs, $0) },
          weight: weight)
        for (index, lane) in lanes.enumerated() {
          let name = "\(g), \(precision), lane \(lane) on rank \(rank) of \(ranks)"
          report(Compare.bits("weight gradient of \(name)", own.weights[index], together.weights[lane]))
          report(Compare.bits("bias gradient of \(name)", own.biases[index], together.biases[lane]))
          report(Compare.bits("moments of \(name)", Array(own.moments[index]), Array(together.moments[lane])))
          report(Compare.bits("adjoint's sums of \(name)", Array(own.sums[index]), Array(together.sums[lane])))
        }
      }
    }
  }

  /// `<A x, y> = <x, Aᵀ y>` for the map of the input, and `<A(w) x, y> = <w, dw>` for the map of the weight; on numbers
  /// that bfloat16 holds, between which the maps are linear in either precision.
  @Test(arguments: geometries, Precision.allCases)
  func theAdjointIsTheAdjoint(g: ConvolutionGeometry, precision: Precision) {
    let layout = ConvolutionOperationTests.layout(longest: ConvolutionOperationTests.overAChunk(g))
    var numbers = Numbers(seed: 13)
    let x = PackedTensor(
      layout: layout, channels: g.inputChannels,
      elements: numbers.floats(layout.timesteps * g.inputChannels).map(Bfloat16.rounded))
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel).map(Bfloat16.rounded)
    var moments: MomentSums?
    let forward = Convolution.forward(
      g, NormalisedInput(x), weight: weight, bias: nil, precision: precision, moments: &moments)
    let y = PackedTensor(
      layout: forward.layout, channels: g.outputChannels, elements: numbers.floats(forward.count).map(Bfloat16.rounded))
    var adjoint: ActivationAdjoint?
    var dw = [Double](repeating: 0, count: weight.count)
    let dx = Convolution.backward(
      g, NormalisedInput(x), NormalisedGradient(y), weight: weight, precision: precision, inputGradient: .new,
      activation: &adjoint, withBias: false
    ) { _, part in
      var unpacked = [Float](repeating: 0, count: weight.count)
      unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
      for at in dw.indices { dw[at] += Double(unpacked[at]) }
    }
    let product = dot(forward.elements.doubles, y.elements.doubles)
    // Each of the products' sums has `count` terms whose errors are those of one output element.
    let room =
      Compare.tolerance(terms: g.inputChannels * g.kernel + layout.timesteps) * Double(forward.count).squareRoot()
    report(
      Compare.close(
        "<A x, y> = <x, Aᵀ y>, \(g), \(precision)", [dot(x.elements.doubles, dx!.elements.doubles)], [product],
        tolerance: room))
    report(
      Compare.close("<A(w) x, y> = <w, dw>, \(g), \(precision)", [dot(weight.doubles, dw)], [product], tolerance: room))
  }
}

/// `Σ x·y`.
func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
