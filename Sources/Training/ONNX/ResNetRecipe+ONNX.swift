import PackedTensors

extension ResNetRecipe: ONNXEncoderRecipe {
  /// A stem and residual blocks.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    let activation: PackedTensors.Activation = activation == .gelu ? .gelu : .relu
    let x = try stem.add("encoder.stem", causal: causal, activation: activation, to: &graph)
    return try Block.add(blocks, behind: x, causal: causal, activation: activation, to: &graph)
  }
}

extension ResNetRecipe.Block {
  /// Adds blocks, one behind the other.
  static func add(
    _ blocks: [ResNetRecipe.Block], behind x: ONNXFrames, causal: Bool, activation: Activation,
    to graph: inout ONNXBuilder
  ) throws -> ONNXFrames {
    var x = x
    for (index, block) in blocks.enumerated() {
      x = try block.add("encoder.blocks.\(index)", x, causal: causal, activation: activation, to: &graph)
    }
    return x
  }

  /// Adds `activation(norm2(conv2(activation(norm1(conv1(x))))) + skip(x))`.
  private func add(
    _ path: String, _ x: ONNXFrames, causal: Bool, activation: Activation, to graph: inout ONNXBuilder
  ) throws -> ONNXFrames {
    func convolution(_ x: ONNXFrames, _ name: String, stride: Int, _ graph: inout ONNXBuilder) throws -> ONNXFrames {
      try graph.convolution(
        x, path + name, width: width, kernel: kernel, stride: stride, dilation: dilation, causal: causal)
    }
    var h = try convolution(x, ".conv1", stride: stride, &graph)
    h = graph.activated(try graph.batchNorm(h, path + ".norm1"), activation)
    h = try graph.batchNorm(convolution(h, ".conv2", stride: 1, &graph), path + ".norm2")
    var skip = x
    if x.channels != width || stride > 1 {
      skip = try graph.convolution(x, path + ".skip.conv", width: width, stride: stride, causal: causal)
      skip = try graph.batchNorm(skip, path + ".skip.norm")
    }
    h.name = graph.add("Add", [h.name, skip.name])
    return graph.activated(h, activation)
  }
}
