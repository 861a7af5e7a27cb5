import ArrayFiles

/// An ONNX graph that grows: from `values` `[batch, features, length]` and `lengths` `[batch]`, node by node, with the
/// tensors of a saved model under their own names.
///
/// Batches are padded, which Lockstep never does: what stands beyond a sequence's end is taken for zero before it could
/// reach a convolution of several taps, a mean or attention (``masked(_:)``), so that it has no part in any result.
struct ONNXBuilder {
  /// The input of timesteps.
  static let values = "values"
  /// The input of true lengths.
  static let lengths = "lengths"

  /// How the input is read.
  let input: ONNXInput
  /// What has been added so far.
  private(set) var nodes: [ONNXGraph.Node] = []
  /// The tensors and constants that nodes read so far.
  private(set) var initialisers: [NamedTensor] = []
  private var known: Set<String> = [values, lengths]
  private var constants: [Constant: String] = [:]
  private let tensors: [String: NamedTensor]
  private let source: String

  /// An empty graph.
  /// - Parameters:
  ///   - tensors: the state dict of the model.
  ///   - source: where the tensors come from, for errors.
  init(input: ONNXInput, tensors: [NamedTensor], source: String) {
    self.input = input
    self.source = source
    self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  /// Whether something has this name already.
  func knows(_ name: String) -> Bool { known.contains(name) }

  /// Adds a node of one output and returns the output's name, which is the node's too.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [String: ONNXGraph.Attribute] = [:], name: String? = nil
  ) -> String {
    let name = name ?? unused(operation)
    add(operation, inputs, attributes, name: name, outputs: [name])
    return name
  }

  /// Adds a node of several outputs and returns their names.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [String: ONNXGraph.Attribute] = [:], outputs: Int
  ) -> [String] {
    let name = unused(operation)
    let outputs = (0..<outputs).map { "\(name).\($0)" }
    add(operation, inputs, attributes, name: name, outputs: outputs)
    return outputs
  }

  private mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [String: ONNXGraph.Attribute], name: String,
    outputs: [String]
  ) {
    for input in inputs { precondition(known.contains(input), "\(name) reads \(input), which is not there yet") }
    for output in outputs { precondition(known.insert(output).inserted, "two values are named \(output)") }
    nodes.append(.init(operation, name: name, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  private func unused(_ operation: String) -> String { "\(operation).\(nodes.count)" }

  /// A tensor of the model as a value of the graph, under its name.
  /// - Throws: `FileError.damaged` where the model has none of this name and shape.
  mutating func tensor(_ name: String, _ shape: [Int]) throws -> String {
    guard let tensor = tensors[name], tensor.shape == shape, case .float32 = tensor.elements else {
      throw FileError.damaged(
        path: source, reason: "holds no tensor \(name) of shape \(shape); it was made by another model")
    }
    if known.insert(name).inserted { initialisers.append(tensor) }
    return name
  }

  /// Whole numbers as a value; without a shape one number.
  mutating func constant(_ values: [Int], _ shape: [Int]? = nil) -> String {
    constant(.int64(values.map(Int64.init)), shape ?? [values.count])
  }

  /// One whole number as a value without dimensions.
  mutating func constant(_ value: Int) -> String { constant(.int64([Int64(value)]), []) }

  /// One number as a value without dimensions.
  mutating func constant(_ value: Float) -> String { constant(.float32([value]), []) }

  /// Numbers as a value.
  mutating func constant(_ elements: NamedTensor.Elements, _ shape: [Int]) -> String {
    let key = Constant(elements: "\(elements)", shape: shape)
    if let name = constants[key] { return name }
    let name = "constant.\(constants.count)"
    constants[key] = name
    known.insert(name)
    initialisers.append(NamedTensor(name: name, shape: shape, elements: elements))
    return name
  }

  /// By what equal constants are known to be equal.
  private struct Constant: Hashable {
    let elements: String
    let shape: [Int]
  }
}
