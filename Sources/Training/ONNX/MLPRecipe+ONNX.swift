import PackedTensors

extension MLPRecipe: ONNXEncoderRecipe {
  /// Linear layers, batch norm and activations at every timestep.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    let stem = StemRecipe(width: width, kernel: 1, stride: 1, norm: false)
    var x = try stem.add("encoder.stem", causal: true, activation: .relu, to: &graph)
    for layer in 0..<layers {
      let path = "encoder.layers.\(layer)"
      if layer > 0 { x = try graph.linear(x, path + ".linear", width: width) }
      if norm { x = try graph.batchNorm(x, path + ".norm") }
      x = graph.activated(x, activation == .gelu ? .gelu : .relu)
    }
    return x
  }
}
