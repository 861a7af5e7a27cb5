/// A section `model.encoder` whose encoder can be said in ONNX's operators.
protocol ONNXEncoderRecipe: EncoderRecipe {
  /// Adds the encoder to a graph, from the input to its frames.
  ///
  /// What ``makeEncoder(_:)`` builds, in evaluation: the same tensors by the same names.
  /// - Throws: `FileError.damaged` for a tensor that the model lacks.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames
}
