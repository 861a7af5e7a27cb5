import Networks

extension ResNetRecipe.Block {
  /// Reads `blocks`: so many equal ones, or a list. `width` and `kernel` are what one that does not say its own has.
  /// - Parameter count: how many there are where the key is absent; where that is none, none may be asked for.
  static func list(
    from reader: inout RecipeReader, width: Int, kernel: Int, default count: Int
  ) throws(RecipeError) -> [ResNetRecipe.Block] {
    guard reader.isList("blocks") else {
      let block = ResNetRecipe.Block(width: width, kernel: kernel, stride: 1, dilation: 1)
      let number = try reader.integer("blocks", in: min(1, count)...256, default: count)
      return [ResNetRecipe.Block](repeating: block, count: number)
    }
    return try reader.list("blocks") { (block: inout RecipeReader) throws(RecipeError) -> ResNetRecipe.Block in
      ResNetRecipe.Block(
        width: try block.integer("width", in: 1...8192, default: width),
        kernel: try block.integer("kernel", in: 1...1024, default: kernel),
        stride: try block.integer("stride", in: 1...1024, default: 1),
        dilation: try block.integer("dilation", in: 1...1_000_000, default: 1))
    }
  }

  /// Refuses strides that make longer frames than there may be.
  static func checkStrides(
    of blocks: [ResNetRecipe.Block], behind stem: StemRecipe, _ reader: RecipeReader
  ) throws(RecipeError) {
    var stride = stem.stride
    for block in blocks {
      let (product, overflow) = stride.multipliedReportingOverflow(by: block.stride)
      guard !overflow, product <= 1 << 20 else {
        throw reader.error("blocks", "the strides multiply to more than \(1 << 20) timesteps a frame")
      }
      stride = product
    }
  }

  /// Writes `blocks` in the form that says everything of every block; there must be one.
  static func write(_ blocks: [ResNetRecipe.Block], to writer: inout RecipeWriter) {
    writer.list("blocks", blocks) { block, item in
      item.write("width", block.width)
      item.write("kernel", block.kernel)
      item.write("stride", block.stride)
      item.write("dilation", block.dilation)
    }
  }

  /// The block as the network has it.
  var shape: ResidualBlock.Shape { .init(width: width, kernel: kernel, stride: stride, dilation: dilation) }
}
