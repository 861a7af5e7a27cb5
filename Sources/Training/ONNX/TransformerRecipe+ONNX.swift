import ArrayFiles
import Networks
import PackedTensors

extension TransformerRecipe: ONNXEncoderRecipe {
  /// A convolutional front end, then layers of attention, whose keys end where their sequence ends.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    var x = try stem.add("encoder.stem", causal: causal, activation: .relu, to: &graph)
    x = try ResNetRecipe.Block.add(blocks, behind: x, causal: causal, activation: .relu, to: &graph)
    var rows = graph.add("Transpose", [x.name], ["perm": .integers([0, 2, 1])])  // [batch, frames, width]
    var turns: (cosines: String, sines: String)?
    switch positions {
    case .none: break
    case .rotary: turns = graph.turns(frame: x.frame, channels: width / heads)
    case .sinusoidal: rows = graph.add("Add", [rows, graph.waves(frame: x.frame, channels: width)])
    }
    let isSeen = graph.seenFrames(frame: x.frame, causal: causal)
    for layer in 0..<layers {
      rows = try addLayer("encoder.layers.\(layer)", rows, isSeen: isSeen, turns, to: &graph)
    }
    rows = try graph.layerNorm(rows, "encoder.norm", width: width)
    x.name = graph.add("Transpose", [rows], ["perm": .integers([0, 2, 1])])
    x.isZeroBeyond = false
    return x
  }

  /// `x + attention(norm1(x))`, then `x + linear2(GELU(linear1(norm2(x))))`.
  private func addLayer(
    _ path: String, _ x: String, isSeen: String, _ turns: (cosines: String, sines: String)?, to graph: inout ONNXBuilder
  ) throws -> String {
    let attended = try addAttention(
      path + ".self_attn", graph.layerNorm(x, path + ".norm1", width: width), isSeen: isSeen, turns, to: &graph)
    let between = graph.add("Add", [x, attended])
    let widened = try graph.linear(
      graph.layerNorm(between, path + ".norm2", width: width), weight: path + ".linear1.weight",
      bias: path + ".linear1.bias", inputs: width, outputs: feedForward)
    let narrowed = try graph.linear(
      graph.gelu(widened), weight: path + ".linear2.weight", bias: path + ".linear2.bias", inputs: feedForward,
      outputs: width)
    return graph.add("Add", [between, narrowed])
  }

  /// `softmax(Q Kᵀ / √depth) V` of every head over the frames that are seen, `[batch, frames, width]`.
  private func addAttention(
    _ path: String, _ x: String, isSeen: String, _ turns: (cosines: String, sines: String)?, to graph: inout ONNXBuilder
  ) throws -> String {
    let depth = width / heads
    let projected = try graph.linear(
      x, weight: path + ".in_proj_weight", bias: path + ".in_proj_bias", inputs: width, outputs: 3 * width)
    var parts = graph.add("Split", [projected], ["axis": .integer(2)], outputs: 3).map { part in
      let heads = graph.add("Reshape", [part, graph.constant([0, 0, heads, depth])])
      return graph.add("Transpose", [heads], ["perm": .integers([0, 2, 1, 3])])  // [batch, heads, frames, depth]
    }
    if let turns { for index in 0..<2 { parts[index] = graph.turned(parts[index], turns) } }
    let keys = graph.add("Transpose", [parts[1]], ["perm": .integers([0, 1, 3, 2])])
    let queries = graph.add("Mul", [parts[0], graph.constant(Float(1 / Double(depth).squareRoot()))])
    let scores = graph.add("MatMul", [queries, keys])
    let seen = graph.add("Where", [isSeen, scores, graph.constant(-Float.greatestFiniteMagnitude)])
    let weights = graph.add("Softmax", [seen], ["axis": .integer(-1)])
    let values = graph.add("Transpose", [graph.add("MatMul", [weights, parts[2]])], ["perm": .integers([0, 2, 1, 3])])
    return try graph.linear(
      graph.add("Reshape", [values, graph.constant([0, 0, width])]), weight: path + ".out_proj.weight",
      bias: path + ".out_proj.bias", inputs: width, outputs: width)
  }
}
