/// The messages of `onnx.proto`; each number is a field's there.
extension ONNXGraph {
  /// The message `GraphProto`.
  func write(to message: inout ProtobufWriter) {
    for node in nodes { message.message(1, node.write) }
    message.string(2, name)
    for tensor in initialisers { message.message(5, tensor.writeONNX) }
    message.string(10, description)
    for input in inputs { message.message(11, input.write) }
    for output in outputs { message.message(12, output.write) }
  }
}

extension ONNXGraph.Node {
  /// The message `NodeProto`.
  fileprivate func write(to message: inout ProtobufWriter) {
    for input in inputs { message.string(1, input) }
    for output in outputs { message.string(2, output) }
    message.string(3, name)
    message.string(4, operation)
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      message.message(5) {
        $0.string(1, name)
        attribute.write(to: &$0)
      }
    }
  }
}

extension ONNXGraph.Attribute {
  /// Value and type of the message `AttributeProto`.
  fileprivate func write(to message: inout ProtobufWriter) {
    switch self {
    case .float(let value):
      message.float(2, value)
      message.integer(20, 1)
    case .integer(let value):
      message.integer(3, value)
      message.integer(20, 2)
    case .text(let value):
      message.string(4, value)
      message.integer(20, 3)
    case .integers(let values):
      for value in values { message.integer(8, value) }
      message.integer(20, 7)
    }
  }
}

extension ONNXGraph.Value {
  /// The message `ValueInfoProto`.
  fileprivate func write(to message: inout ProtobufWriter) {
    message.string(1, name)
    message.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, element.rawValue)
        tensor.message(2) { shape in
          for extent in self.shape {
            shape.message(1) {
              switch extent {
              case .fixed(let length): $0.integer(1, length)
              case .named(let name): $0.string(2, name)
              }
            }
          }
        }
      }
    }
    message.string(3, description)
  }
}

extension NamedTensor {
  /// The message `TensorProto`, its elements as little-endian bytes.
  fileprivate func writeONNX(to message: inout ProtobufWriter) {
    for extent in shape { message.integer(1, extent) }
    switch elements {
    case .float32(let values): write(values, .float32, to: &message)
    case .int64(let values): write(values, .int64, to: &message)
    case .float64(let values): write(values, .float64, to: &message)
    }
  }

  private func write<T>(_ values: [T], _ element: ONNXGraph.Element, to message: inout ProtobufWriter) {
    message.integer(2, element.rawValue)
    message.string(8, name)
    values.withUnsafeBytes { message.bytes(9, $0) }
  }
}
