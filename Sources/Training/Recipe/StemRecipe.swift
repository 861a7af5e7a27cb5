import Networks

/// The section `stem` of an encoder: its first convolution.
public struct StemRecipe: Sendable, Equatable {
  /// Output channels.
  public var width: Int
  /// Taps.
  public var kernel: Int
  /// Timesteps between outputs.
  public var stride: Int
  /// Whether batch norm and the activation follow it.
  public var norm: Bool

  /// Reads the section from the encoder's, every default where it is absent.
  /// - Parameter width: the channels where it does not say its own.
  init(from encoder: inout RecipeReader, width: Int) throws(RecipeError) {
    self = try encoder.sectionOrDefaults("stem") { (section: inout RecipeReader) throws(RecipeError) -> StemRecipe in
      let kernel = try section.integer("kernel", in: 1...4096, default: 1)
      let stride = try section.integer("stride", in: 1...4096, default: 1)
      return StemRecipe(
        width: try section.integer("width", in: 1...8192, default: width), kernel: kernel, stride: stride,
        norm: try section.boolean("norm", default: kernel != 1 || stride != 1))
    }
  }

  init(width: Int, kernel: Int, stride: Int, norm: Bool) {
    self.width = width
    self.kernel = kernel
    self.stride = stride
    self.norm = norm
  }

  /// Writes the section into the encoder's.
  func write(to encoder: inout RecipeWriter) {
    encoder.section("stem") {
      $0.write("width", width)
      $0.write("kernel", kernel)
      $0.write("stride", stride)
      $0.write("norm", norm)
    }
  }

  /// What the network needs to know.
  var shape: Stem.Shape { .init(width: width, kernel: kernel, stride: stride, isNormalised: norm) }
}
