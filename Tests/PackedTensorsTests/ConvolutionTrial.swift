import PackedTensors
import TestSupport
import Testing

/// One convolution with everything that may be fused into it, and what its results should be.
struct ConvolutionTrial {
  enum Target: CaseIterable { case none, new, added }

  let geometry: ConvolutionGeometry
  let layout: RaggedLayout
  let inputMap: Activation?
  let gradientMap: Bool
  let target: Target
  let activation: Activation?
  let withBias: Bool
  let precision: Precision
  let seed: UInt64
  // Inputs, all of them whether used or not.
  let x, z, dy, old, weight, bias: [Float]
  let scale, shift, inverse, offset, a, b, c: [Float]

  init(
    _ geometry: ConvolutionGeometry, layout: RaggedLayout, inputMap: Activation?, gradientMap: Bool, target: Target,
    activation: Activation?, withBias: Bool, precision: Precision, seed: UInt64
  ) {
    (self.geometry, self.layout, self.inputMap, self.gradientMap) = (geometry, layout, inputMap, gradientMap)
    (self.target, self.activation, self.withBias, self.seed) = (target, activation, withBias, seed)
    self.precision = precision
    let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
    let rows = layout.strided(by: geometry.stride).timesteps
    var numbers = Numbers(seed: seed)
    (x, old) = (numbers.floats(layout.timesteps * inputs), numbers.floats(layout.timesteps * inputs))
    (z, dy) = (numbers.floats(rows * outputs), numbers.floats(rows * outputs))
    (weight, bias) = (numbers.floats(outputs * inputs * geometry.kernel), numbers.floats(outputs))
    (scale, shift) = (numbers.floats(inputs), numbers.floats(inputs))
    (inverse, offset) = (numbers.floats(inputs), numbers.floats(inputs))
    (a, b, c) = (numbers.floats(outputs), numbers.floats(outputs), numbers.floats(outputs))
  }

  var name: String {
    let g = geometry
    return
      "convolution(channels \(g.inputChannels) → \(g.outputChannels), kernel \(g.kernel), stride \(g.stride), dilation "
      + "\(g.dilation), left \(g.left), input map \(inputMap.map(\.rawValue) ?? "none"), gradient map \(gradientMap), input "
      + "gradient \(target), activation \(activation.map(\.rawValue) ?? "none"), bias \(withBias), \(precision), seed \(seed))"
  }

  var affine: ChannelAffine { ChannelAffine(scale: scale, shift: shift) }
  var input: NormalisedInput {
    let tensor = PackedTensor(layout: layout, channels: geometry.inputChannels, elements: x)
    return NormalisedInput(tensor, affine: inputMap == nil ? nil : affine, activation: inputMap ?? .identity)
  }
  var gradient: NormalisedGradient {
    let rows = layout.strided(by: geometry.stride)
    let tensor = PackedTensor(layout: rows, channels: geometry.outputChannels, elements: dy)
    if !gradientMap { return NormalisedGradient(tensor) }
    let normalised = PackedTensor(layout: rows, channels: geometry.outputChannels, elements: z)
    return NormalisedGradient(tensor, adjoint: (normalised, NormalisationAdjoint(a: a, b: b, c: c)))
  }

  /// A factor as it is multiplied.
  private func factor(_ x: [Float]) -> [Double] {
    precision == .float32 ? x.doubles : x.map(Bfloat16.rounded).doubles
  }

  /// What the convolution reads, in Double. Rounding begins at what the map gave, to the bit: beside a tie an error of the
  /// map's would be one of the eighth digit.
  private var readInput: [Double] {
    if precision == .bfloat16 { return factor(input.materialised().elements) }
    guard let inputMap else { return x.doubles }
    return ReferenceNormalisation.affine(x.doubles, scale: scale.doubles, shift: shift.doubles).map {
      ReferenceActivation.value(inputMap, $0)
    }
  }
  /// What its adjoint reads, in Double.
  private var readGradient: [Double] {
    if precision == .bfloat16 { return factor(gradient.materialised().elements) }
    if !gradientMap { return dy.doubles }
    let map = ReferenceNormalisation.affine(z.doubles, scale: b.doubles, shift: c.doubles)
    return dy.indices.map { Double(dy[$0]) * Double(a[$0 % a.count]) + map[$0] }
  }
  private func tolerance(_ terms: Int) -> Double { Compare.tolerance(terms: terms, scale: 4) }

  func checkForward() {
    var moments: MomentSums?
    let y = Convolution.forward(
      geometry, input, weight: weight, bias: withBias ? bias : nil, precision: precision, moments: &moments)
    let read = readInput
    let expected = (0..<layout.sequences).flatMap { sequence in
      ReferenceConvolution.forward(
        geometry, slice(read, layout, sequence), length: layout.length(of: sequence), weight: factor(weight),
        bias: withBias ? bias.doubles : nil)
    }
    report(
      Compare.close(
        "forward \(name)", y.elements, expected, tolerance: tolerance(geometry.inputChannels * geometry.kernel)))
  }

  func checkBackward() {
    let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
    let rows = layout.strided(by: geometry.stride)
    let before = PackedTensor(layout: layout, channels: inputs, elements: x.map { $0 * 0.5 })
    var adjoint = activation.map {
      ActivationAdjoint(
        input: before, affine: affine, activation: $0, standardise: ChannelAffine(scale: inverse, shift: offset))
    }
    var (weights, biases): ([[Float]], [[Float]]) = ([], [])
    let added = PackedTensor(layout: layout, channels: inputs, elements: old)
    let dx = Convolution.backward(
      geometry, input, gradient, weight: weight, precision: precision,
      inputGradient: target == .none ? .none : target == .new ? .new : .added(added), activation: &adjoint,
      withBias: withBias
    ) { lane, part in
      #expect(lane == weights.count, "lanes come in order: \(lane) after \(weights.count - 1)")
      var unpacked = [Float](repeating: .nan, count: weight.count)
      unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
      weights.append(unpacked)
      biases.append(part.bias.map { Array(UnsafeBufferPointer(start: $0, count: outputs)) } ?? [])
    }

    // Parameters, lane by lane.
    let (read, g) = (readInput, readGradient)
    #expect(weights.count == layout.carriedLanes, "\(name): \(weights.count) lanes finished of \(layout.carriedLanes)")
    for lane in weights.indices {
      var (dw, db) = ([Double](repeating: 0, count: weight.count), [Double](repeating: 0, count: outputs))
      for sequence in layout.sequences(ofLane: lane) {
        let (length, part) = (layout.length(of: sequence), slice(g, rows, sequence))
        let unrounded = slice(gradient.materialised().elements.doubles, rows, sequence)
        let w = ReferenceConvolution.weightGradient(geometry, slice(read, layout, sequence), part, length: length)
        for at in dw.indices { dw[at] += w[at] }
        for (at, value) in ReferenceConvolution.biasGradient(geometry, unrounded, length: length).enumerated() {
          db[at] += value
        }
      }
      report(Compare.close("weight of lane \(lane), \(name)", weights[lane], dw, tolerance: tolerance(rows.timesteps)))
      if withBias {
        report(Compare.close("bias of lane \(lane), \(name)", biases[lane], db, tolerance: tolerance(rows.timesteps)))
      }
    }

    // The input, and the sums of the activation behind it.
    guard target != .none else { return #expect(dx == nil, "\(name): an input gradient that nobody wanted") }
    var expected = (0..<layout.sequences).flatMap { sequence in
      ReferenceConvolution.inputGradient(
        geometry, slice(g, rows, sequence), length: layout.length(of: sequence), weight: factor(weight))
    }
    if target == .added { for at in expected.indices { expected[at] += Double(old[at]) } }
    let z = before.elements.doubles
    if let activation {
      let pre = ReferenceNormalisation.affine(z, scale: scale.doubles, shift: shift.doubles)
      expected = ReferenceResidual.backward(activation, sum: pre, gradient: expected)
    }
    let room = tolerance(outputs * geometry.kernel + 1)
    report(Compare.close("input gradient of \(name)", dx!.elements, expected, tolerance: room))
    guard let sums = adjoint?.sums else { return }
    for lane in 0..<layout.carriedLanes {
      var total = [Double](repeating: 0, count: 2 * inputs)
      for row in layout.sequences(ofLane: lane).flatMap({ layout.rows(of: $0) }) {
        for c in 0..<inputs {
          let at = row * inputs + c
          total[c] += expected[at]
          total[inputs + c] += expected[at] * (z[at] * Double(inverse[c]) + Double(offset[c]))
        }
      }
      report(
        Compare.close(
          "sums of the activation's adjoint, lane \(lane), \(name)", Array(sums[lane]), total,
          tolerance: room * Double(layout.timesteps).squareRoot() * 2))
    }
  }
}

/// The rows of one sequence of packed `values`.
func slice<T>(_ values: [T], _ layout: RaggedLayout, _ sequence: Int) -> [T] {
  if layout.timesteps == 0 { return [] }
  let channels = values.count / layout.timesteps
  let rows = layout.rows(of: sequence)
  return Array(values[rows.lowerBound * channels..<rows.upperBound * channels])
}
