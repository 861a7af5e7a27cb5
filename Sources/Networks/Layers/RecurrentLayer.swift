import PackedTensors
import Tracing

/// A layer of PyTorch's `LSTM` or `GRU`: one direction, or two whose channels stand side by side; dropout may follow.
public struct RecurrentLayer: Sendable {
  let directions: [RecurrentDirection]
  private let dropout: Double
  private let path: String

  /// Registers layer `index` of the module at `path`.
  /// - Parameter dropout: behind the layer.
  public init(
    _ path: String, index: Int, _ cell: RecurrentCell, inputs: Int, width: Int, bidirectional: Bool, dropout: Double,
    in store: ParameterStore
  ) {
    directions = (bidirectional ? [false, true] : [false]).map {
      RecurrentDirection(path, index: index, cell, inputs: inputs, width: width, isReversed: $0, in: store)
    }
    self.dropout = dropout
    self.path = path + ".l\(index)"
  }

  /// Channels of the output.
  public var width: Int { directions.count * directions[0].recurrence.width }
  /// The layer's range in the arenas.
  public var range: Range<Int> { directions[0].range.lowerBound..<directions.last!.range.upperBound }
  /// Floating-point operations of a timestep, forward.
  public var operationsPerTimestep: Int {
    directions.reduce(0) { $0 + $1.projection.geometry.operationsPerTimestep + 2 * $1.weight.count }
  }

  /// What the adjoint needs.
  public struct Saved {
    let input: PackedTensor
    let directions: [Recurrence.Saved]
    let dropout: Dropout?
    let ids: [Int]
  }

  /// The output, `[timesteps, width]`, of `[timesteps, inputs]`.
  public func forward(_ x: PackedTensor, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    let span = pass.timeline?.begin(.forward, path)
    defer { span?.end() }
    let saved = Saved(
      input: x, directions: directions.map { $0.forward(x, pass) }, dropout: pass.dropout(dropout, layer: path),
      ids: pass.ids)
    let hidden = saved.directions.map(\.hidden)
    var output = hidden.count == 1 ? hidden[0] : PackedTensor(joiningChannels: hidden)
    if let dropout = saved.dropout {
      // The adjoint reads the hidden states.
      if hidden.count == 1 { output = output.copy() }
      dropout.apply(to: output, ids: pass.ids)
    }
    return (output, saved)
  }

  /// Adds the parameters' gradients to the arena and returns the input's. Overwrites `gradient` where there is dropout.
  public func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws -> PackedTensor {
    let span = pass.timeline?.begin(.backward, path)
    defer { span?.end() }
    saved.dropout?.apply(to: gradient, ids: saved.ids)
    var below: PackedTensor?
    for (index, direction) in directions.enumerated() {
      below = direction.backward(
        gradient, column: index * direction.recurrence.width, saved.input, saved.directions[index], pass,
        inputGradient: below.map { .added($0) } ?? .new)
    }
    try pass.gradients.finished(range)
    return below!
  }
}

/// One direction of a recurrent layer, its parameters named and laid out as PyTorch's.
struct RecurrentDirection: Sendable {
  let recurrence: Recurrence
  /// `weight_ih`, `[gates·width, inputs]`, and `bias_ih`.
  let projection: ConvolutionLayer
  /// `weight_hh`, `[gates·width, width]`, and `bias_hh`.
  let weight, bias: Parameter

  init(
    _ path: String, index: Int, _ cell: RecurrentCell, inputs: Int, width: Int, isReversed: Bool,
    in store: ParameterStore
  ) {
    recurrence = Recurrence(cell, width: width, isReversed: isReversed, precision: store.precision)
    let suffix = "_l\(index)" + (isReversed ? "_reverse" : "")
    let (columns, initialisation) = (recurrence.columns, Initialisation.uniform(fanIn: width))
    projection = ConvolutionLayer(
      linear: (path + ".weight_ih" + suffix, path + ".bias_ih" + suffix), inputs: inputs, outputs: columns,
      initialisation, in: store)
    weight = store.addParameter(path + ".weight_hh" + suffix, shape: [columns, width], initialisation)
    bias = store.addParameter(path + ".bias_hh" + suffix, shape: [columns], initialisation)
  }

  var range: Range<Int> { projection.range.lowerBound..<bias.range.upperBound }

  func forward(_ x: PackedTensor, _ pass: ForwardPass) -> Recurrence.Saved {
    let projected = projection.forward(NormalisedInput(x), pass)
    let span = pass.timeline?.begin(.forward, weight.name)
    defer { span?.end() }
    return pass.store.withPointer(weight) { weight in
      pass.store.withPointer(bias) { recurrence.forward(projected, weight: weight, bias: $0) }
    }
  }

  /// - Parameters:
  ///   - gradient: of the whole layer's output, in which this direction's begins at `column`.
  ///   - x: what `forward` read.
  func backward(
    _ gradient: PackedTensor, column: Int, _ x: PackedTensor, _ saved: Recurrence.Saved, _ pass: BackwardPass,
    inputGradient: Convolution.InputGradient
  ) -> PackedTensor? {
    let span = pass.timeline?.begin(.backward, weight.name)
    let adjoint = pass.store.withPointer(weight) {
      recurrence.backward(gradient, column: column, saved, weight: $0)
    }
    let gradients = pass.gradients
    var weights: LaneFold?
    var biases = LaneFold(gradients, elements: bias.count)
    recurrence.parameterGradient(saved, adjoint) { lane, part in
      if weights == nil { weights = LaneFold(gradients, elements: part.packedCount) }
      weights!.add(lane, part.packedWeight) { part.unpack($1, to: gradients.pointer(weight, node: $0)) }
      biases.add(lane, part.bias!) { gradients.pointer(bias, node: $0).update(from: $1, count: bias.count) }
    }
    span?.end()
    return projection.backward(
      NormalisedInput(x), NormalisedGradient(adjoint.projected), pass, inputGradient: inputGradient)
  }
}
