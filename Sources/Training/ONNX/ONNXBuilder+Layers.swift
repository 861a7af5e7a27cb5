import ArrayFiles
import Networks
import PackedTensors

/// The layers that encoders share.
extension ONNXBuilder {
  /// The convolution at `path`; see ``ConvolutionGeometry`` for which timesteps it reads.
  mutating func convolution(
    _ x: ONNXFrames, _ path: String, width: Int, kernel: Int = 1, stride: Int = 1, dilation: Int = 1,
    causal: Bool = false
  ) throws -> ONNXFrames {
    let geometry = ConvolutionGeometry(
      inputChannels: x.channels, outputChannels: width, kernel: kernel, stride: stride, dilation: dilation,
      causal: causal)
    // A single tap never sees beyond the end what belongs to a frame before it.
    let source = kernel > 1 ? masked(x) : x
    let parameters = [
      try tensor(path + ".weight", [width, x.channels, kernel]), try tensor(path + ".bias", [width]),
    ]
    let name = add(
      "Conv", [source.name] + parameters,
      [
        "kernel_shape": .integers([kernel]), "strides": .integers([stride]), "dilations": .integers([dilation]),
        // Gives ceil(length / stride) frames.
        "pads": .integers([geometry.left, geometry.reach - geometry.left]),
      ], name: path)
    return ONNXFrames(name: name, channels: width, frame: x.frame * stride)
  }

  /// The linear layer at `path` on the channels of every frame.
  mutating func linear(_ x: ONNXFrames, _ path: String, width: Int) throws -> ONNXFrames {
    let weight = add("Unsqueeze", [try tensor(path + ".weight", [width, x.channels]), constant([2])])
    let name = add(
      "Conv", [x.name, weight, try tensor(path + ".bias", [width])], ["kernel_shape": .integers([1])], name: path)
    return ONNXFrames(name: name, channels: width, frame: x.frame)
  }

  /// A linear layer on the last dimension of a value, its parameters by their names.
  mutating func linear(
    _ x: String, weight: String, bias: String, inputs: Int, outputs: Int
  ) throws -> String {
    let matrix = add("Transpose", [try tensor(weight, [outputs, inputs])], ["perm": .integers([1, 0])])
    return add("Add", [add("MatMul", [x, matrix]), try tensor(bias, [outputs])])
  }

  /// The batch norm at `path`, by its running statistics.
  mutating func batchNorm(_ x: ONNXFrames, _ path: String) throws -> ONNXFrames {
    let parameters = try ["weight", "bias", "running_mean", "running_var"].map {
      try tensor("\(path).\($0)", [x.channels])
    }
    let name = add("BatchNormalization", [x.name] + parameters, ["epsilon": .float(1e-5)], name: path)
    return ONNXFrames(name: name, channels: x.channels, frame: x.frame)
  }

  /// The layer norm at `path`, over the last dimension of a value.
  mutating func layerNorm(_ x: String, _ path: String, width: Int) throws -> String {
    let parameters = [try tensor(path + ".weight", [width]), try tensor(path + ".bias", [width])]
    return add("LayerNormalization", [x] + parameters, ["epsilon": .float(1e-5)], name: path)
  }

  /// An activation, none of which makes anything of zero.
  mutating func activated(_ x: ONNXFrames, _ activation: Activation) -> ONNXFrames {
    var x = x
    switch activation {
    case .identity: break
    case .relu: x.name = add("Relu", [x.name])
    case .leakyReLU: x.name = add("LeakyRelu", [x.name], ["alpha": .float(0.2)])
    case .gelu: x.name = gelu(x.name)
    }
    return x
  }

  /// `x/2 · (1 + erf(x / √2))`.
  mutating func gelu(_ x: String) -> String {
    let erf = add("Erf", [add("Mul", [x, constant(Float(0.5).squareRoot())])])
    return add("Mul", [add("Mul", [x, constant(Float(0.5))]), add("Add", [erf, constant(Float(1))])])
  }

  /// One row a sequence, `[batch, channels]`, under a name.
  mutating func pooled(_ x: ONNXFrames, _ pooling: Pooling, name: String) -> String {
    switch pooling {
    case .mean: return add("Squeeze", [mean(of: x), constant([2])], name: name)
    case .max:
      let own = add("Where", [mask(frame: x.frame), x.name, constant(-Float.greatestFiniteMagnitude)])
      return add("ReduceMax", [own], ["axes": .integers([2]), "keepdims": .integer(0)], name: name)
    case .last:
      let ends = add("Unsqueeze", [lengths(frame: x.frame), constant([1, 2])])
      let isLast = add("Equal", [positions(frame: x.frame), add("Sub", [ends, constant(1)])])
      let last = add("Where", [isLast, x.name, constant(Float(0))])
      return add("ReduceSum", [last, constant([2])], ["keepdims": .integer(0)], name: name)
    }
  }
}
