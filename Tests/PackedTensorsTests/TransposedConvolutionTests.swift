import PackedTensors
import TestSupport
import Testing

/// The transposed convolution against the adjoint of a convolution in Double, and the parts of a convolution's adjoint by
/// themselves against the whole.
@Suite struct TransposedConvolutionTests {
  static let geometries = [
    ConvolutionGeometry(inputChannels: 1, outputChannels: 8, kernel: 25, stride: 4),
    ConvolutionGeometry(inputChannels: 17, outputChannels: 6, kernel: 4, stride: 4),
    ConvolutionGeometry(inputChannels: 5, outputChannels: 33, kernel: 3, stride: 2),
    ConvolutionGeometry(inputChannels: 16, outputChannels: 16, kernel: 5),
  ]
  /// Lengths that strides divide and do not divide, longer than a leaf, and a lane without sequences.
  static let layout = RaggedLayout(lengths: [1, 40, 97, 3, 250, 96], laneBounds: [0, 2, 2, 5, 6])

  @Test(arguments: geometries)
  func itIsTheAdjointOfAConvolution(g: ConvolutionGeometry) {
    let layout = Self.layout
    let coarse = layout.strided(by: g.stride)
    var numbers = Numbers(seed: 21)
    let x = numbers.floats(coarse.timesteps * g.outputChannels)
    let dy = numbers.floats(layout.timesteps * g.inputChannels)
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel)
    let bias = numbers.floats(g.inputChannels)
    let input = PackedTensor(layout: coarse, channels: g.outputChannels, elements: x)
    let y = TransposedConvolution.forward(g, input, weight: weight, bias: bias, layout: layout)
    var (weights, biases): ([[Float]], [[Float]]) = ([], [])
    let dx = TransposedConvolution.backward(
      g, input, PackedTensor(layout: layout, channels: g.inputChannels, elements: dy), weight: weight
    ) { lane, part, bias in
      #expect(lane == weights.count)
      var unpacked = [Float](repeating: .nan, count: weight.count)
      unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
      weights.append(unpacked)
      biases.append(Array(UnsafeBufferPointer(start: bias, count: g.inputChannels)))
    }

    func tolerance(_ terms: Int) -> Double { Compare.tolerance(terms: terms, scale: 4) }
    var (outputs, gradients): ([Double], [Double]) = ([], [])
    for sequence in 0..<layout.sequences {
      let length = layout.length(of: sequence)
      outputs += ReferenceConvolution.inputGradient(
        g, slice(x.doubles, coarse, sequence), length: length, weight: weight.doubles)
      gradients += ReferenceConvolution.forward(
        g, slice(dy.doubles, layout, sequence), length: length, weight: weight.doubles, bias: nil)
    }
    for at in outputs.indices { outputs[at] += Double(bias[at % g.inputChannels]) }
    report(Compare.close("output", y.elements, outputs, tolerance: tolerance(g.outputChannels * g.kernel)))
    report(Compare.close("input gradient", dx.elements, gradients, tolerance: tolerance(g.inputChannels * g.kernel)))
    for lane in 0..<layout.carriedLanes {
      var (dw, db) = ([Double](repeating: 0, count: weight.count), [Double](repeating: 0, count: bias.count))
      for sequence in layout.sequences(ofLane: lane) {
        let length = layout.length(of: sequence)
        let fine = slice(dy.doubles, layout, sequence)
        let part = ReferenceConvolution.weightGradient(g, fine, slice(x.doubles, coarse, sequence), length: length)
        for at in dw.indices { dw[at] += part[at] }
        for at in fine.indices { db[at % db.count] += fine[at] }
      }
      report(Compare.close("weight of lane \(lane)", weights[lane], dw, tolerance: tolerance(layout.timesteps)))
      report(Compare.close("bias of lane \(lane)", biases[lane], db, tolerance: tolerance(layout.timesteps)))
    }
  }

  @Test(arguments: geometries)
  func aSequenceAloneGivesWhatItGivesInABatch(g: ConvolutionGeometry) {
    let layout = Self.layout
    let coarse = layout.strided(by: g.stride)
    var numbers = Numbers(seed: 22)
    let x = numbers.floats(coarse.timesteps * g.outputChannels)
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel)
    let bias = numbers.floats(g.inputChannels)
    func forward(_ elements: [Float], _ coarse: RaggedLayout, _ layout: RaggedLayout) -> [Float] {
      let input = PackedTensor(layout: coarse, channels: g.outputChannels, elements: elements)
      return TransposedConvolution.forward(g, input, weight: weight, bias: bias, layout: layout).elements
    }
    let batch = forward(x, coarse, layout)
    for sequence in 0..<layout.sequences {
      let alone = RaggedLayout(lengths: [layout.length(of: sequence)])
      let single = forward(slice(x, coarse, sequence), alone.strided(by: g.stride), alone)
      report(Compare.bits("sequence \(sequence) alone", single, slice(batch, layout, sequence)))
    }
  }

  @Test(arguments: geometries)
  func theAdjointInPartsIsTheAdjoint(g: ConvolutionGeometry) {
    let layout = Self.layout
    let outputs = layout.strided(by: g.stride)
    var numbers = Numbers(seed: 23)
    let input = NormalisedInput(
      PackedTensor(
        layout: layout, channels: g.inputChannels, elements: numbers.floats(layout.timesteps * g.inputChannels)))
    let gradient = NormalisedGradient(
      PackedTensor(
        layout: outputs, channels: g.outputChannels, elements: numbers.floats(outputs.timesteps * g.outputChannels)))
    let weight = numbers.floats(g.outputChannels * g.inputChannels * g.kernel)
    typealias Lane = (weight: [Float], bias: [Float])
    func copy(_ part: ConvolutionLaneGradient) -> Lane {
      var unpacked = [Float](repeating: 0, count: weight.count)
      unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
      return (unpacked, Array(UnsafeBufferPointer(start: part.bias, count: g.outputChannels)))
    }
    var none: ActivationAdjoint?
    var (whole, part, few): ([Lane], [Lane], [Lane]) = ([], [], [])
    let dx = Convolution.backward(
      g, input, gradient, weight: weight, inputGradient: .new, activation: &none, withBias: true
    ) { whole.append(copy($1)) }
    let alone = Convolution.inputGradient(g, gradient, weight: weight, layout: layout, activation: &none)
    Convolution.parameterGradient(g, input, gradient, withBias: true) { part.append(copy($1)) }
    // Only the first sequence of the first lane counts towards the bias.
    let counted = (0..<layout.sequences).map { $0 == 0 }
    Convolution.parameterGradient(g, input, gradient, withBias: true, isCounted: counted) { few.append(copy($1)) }

    report(Compare.bits("input gradient", alone.elements, dx!.elements))
    let first = slice(gradient.tensor.elements.doubles, outputs, 0)
    for lane in whole.indices {
      report(Compare.bits("weight of lane \(lane)", part[lane].weight, whole[lane].weight))
      report(Compare.bits("bias of lane \(lane)", part[lane].bias, whole[lane].bias))
      report(Compare.bits("weight of lane \(lane), few counted", few[lane].weight, whole[lane].weight))
      let bias = (0..<g.outputChannels).map { lane == 0 ? first[$0] : 0 }
      report(Compare.close("bias of lane \(lane), few counted", few[lane].bias, bias, tolerance: 1e-6))
    }
  }
}
