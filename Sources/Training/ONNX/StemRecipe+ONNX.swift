import PackedTensors

extension StemRecipe {
  /// Adds the stem at `path`, from the graph's input.
  func add(_ path: String, causal: Bool, activation: Activation, to graph: inout ONNXBuilder) throws -> ONNXFrames {
    var x: ONNXFrames
    if let categories = graph.input.categories {
      x = try graph.vectors(of: categories, table: path + ".embedding.weight", width: width)
    } else {
      x = graph.numbers()
    }
    if graph.input.categories == nil || kernel > 1 || stride > 1 {
      x = try graph.convolution(x, path + ".conv", width: width, kernel: kernel, stride: stride, causal: causal)
    }
    return norm ? graph.activated(try graph.batchNorm(x, path + ".norm"), activation) : x
  }
}
