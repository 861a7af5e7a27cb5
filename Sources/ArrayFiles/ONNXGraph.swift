/// A computation in ONNX's terms: nodes between named values, from inputs to outputs, with the tensors that they use.
///
/// Only the format is known here: what an operator computes is the caller's to know. Source: onnx.ai, "ONNX IR
/// specification" and `onnx.proto`.
public struct ONNXGraph: Sendable {
  /// The type of a value's elements, by the numbers of `TensorProto.DataType`.
  public enum Element: Int, Sendable {
    case float32 = 1
    case int32 = 6
    case int64 = 7
    case float64 = 11
  }

  /// How long a value is along one of its dimensions.
  public enum Extent: Sendable, Equatable {
    /// So long.
    case fixed(Int)
    /// As long as what has the same name in other values; known when the graph is run.
    case named(String)
  }

  /// An input or output of the graph.
  public struct Value: Sendable {
    /// The name by which nodes and callers know it.
    public var name: String
    /// The type of its elements.
    public var element: Element
    /// Its dimensions, outermost first.
    public var shape: [Extent]
    /// What it is, for people.
    public var description: String

    /// A value of a graph.
    public init(_ name: String, _ element: Element, _ shape: [Extent], _ description: String) {
      self.name = name
      self.element = element
      self.shape = shape
      self.description = description
    }
  }

  /// A setting of a node.
  public enum Attribute: Sendable, Equatable {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
  }

  /// One operation.
  public struct Node: Sendable {
    /// The operator's name, such as `Conv`.
    public var operation: String
    /// The node's name.
    public var name: String
    /// The values that it reads, in the operator's order; an empty name leaves an optional one out.
    public var inputs: [String]
    /// The values that it gives.
    public var outputs: [String]
    /// Its settings, by name.
    public var attributes: [String: Attribute]

    /// An operation of a graph.
    public init(
      _ operation: String, name: String, inputs: [String], outputs: [String], attributes: [String: Attribute] = [:]
    ) {
      self.operation = operation
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
    }
  }

  /// The graph's name.
  public var name: String
  /// What it computes, for people.
  public var description: String
  /// The operations, each behind those whose values it reads.
  public var nodes: [Node]
  /// The tensors that nodes read by their names.
  public var initialisers: [NamedTensor]
  /// What a caller gives.
  public var inputs: [Value]
  /// What a caller gets.
  public var outputs: [Value]

  /// A graph.
  public init(
    name: String, description: String, nodes: [Node], initialisers: [NamedTensor], inputs: [Value], outputs: [Value]
  ) {
    self.name = name
    self.description = description
    self.nodes = nodes
    self.initialisers = initialisers
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Bytes of all tensors: all but a little of a file's size.
  public var tensorBytes: Int { initialisers.reduce(0) { $0 + $1.elements.count * $1.elements.type.size } }
}
