import PackedTensors

extension TCNRecipe: ONNXEncoderRecipe {
  /// Residual blocks whose dilation doubles.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    let blocks = (0..<levels).map { ResNetRecipe.Block(width: width, kernel: kernel, stride: 1, dilation: 1 << $0) }
    let x = try stem.add("encoder.stem", causal: causal, activation: .relu, to: &graph)
    return try ResNetRecipe.Block.add(blocks, behind: x, causal: causal, activation: .relu, to: &graph)
  }
}
