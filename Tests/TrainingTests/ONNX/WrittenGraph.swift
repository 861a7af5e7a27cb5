import Testing

/// The graph of an ONNX file, read from its bytes by the numbers of `onnx.proto`.
struct WrittenGraph {
  /// A node.
  struct Node {
    let operation, name: String
    let inputs, outputs: [String]
    let integers: [String: [Int]]
    let texts: [String: String]
  }

  /// A tensor.
  struct Tensor {
    let shape: [Int]
    let type: Int
    let bytes: [UInt8]
  }

  let nodes: [Node]
  let tensors: [String: Tensor]
  let inputs, outputs: [String]
  let metadata: [String: String]

  /// The graph in a model's bytes.
  init(_ bytes: [UInt8]) throws {
    let model = try #require(ProtobufMessage(bytes[...]))
    #expect(model.integers(1) == [8], "the format's version")
    #expect(model.messages(8).map { $0.integers(2) } == [[17]], "the operators' version")
    metadata = Dictionary(
      uniqueKeysWithValues: model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) })
    let graph = try #require(model.messages(7).first)
    nodes = graph.messages(1).map { node in
      let attributes = node.messages(5)
      return Node(
        operation: node.texts(4)[0], name: node.texts(3)[0], inputs: node.texts(1), outputs: node.texts(2),
        integers: Dictionary(
          uniqueKeysWithValues: attributes.map { ($0.texts(1)[0], $0.integers(8) + $0.integers(3)) }),
        texts: Dictionary(uniqueKeysWithValues: attributes.map { ($0.texts(1)[0], $0.texts(4).first ?? "") }))
    }
    tensors = Dictionary(
      uniqueKeysWithValues: graph.messages(5).map {
        ($0.texts(8)[0], Tensor(shape: $0.integers(1), type: $0.integers(2)[0], bytes: Array($0.bytes(9)[0])))
      })
    inputs = graph.messages(11).map { $0.texts(1)[0] }
    outputs = graph.messages(12).map { $0.texts(1)[0] }
  }

  /// The node that gives a value.
  func source(of value: String) -> Node? { nodes.first { $0.outputs.contains(value) } }

  /// Whether a value is zero beyond each sequence's end, whatever is computed before: a choice between it and zero, or a
  /// product or quotient whose first operand is.
  func isZeroBeyond(_ value: String) -> Bool {
    guard let node = source(of: value) else { return false }
    switch node.operation {
    case "Where":
      return node.inputs[0].hasPrefix("mask.") && tensors[node.inputs[2]].map { $0.bytes == [0, 0, 0, 0] } ?? false
    case "Mul", "Div": return isZeroBeyond(node.inputs[0])
    default: return false
    }
  }
}

/// What a failing expectation shows of them: not every byte.
extension WrittenGraph: CustomTestStringConvertible {
  var testDescription: String { "a graph of \(nodes.count) nodes" }
}

extension WrittenGraph.Node: CustomTestStringConvertible {
  var testDescription: String { name }
}

extension WrittenGraph.Tensor: CustomTestStringConvertible {
  var testDescription: String { "a tensor \(shape)" }
}
