import Networks
import PackedTensors

extension CriticRecipe: ONNXEncoderRecipe {
  /// Strided convolutions with leaky ReLU.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    var x = graph.numbers()
    for layer in 0..<shape.layers {
      x = try graph.convolution(
        x, "encoder.layers.\(layer)", width: shape.width(ofLayer: layer), kernel: shape.kernel, stride: shape.stride)
      x = graph.activated(x, .leakyReLU)
    }
    return x
  }
}
