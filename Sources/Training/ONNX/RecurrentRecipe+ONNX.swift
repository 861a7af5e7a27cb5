import ArrayFiles
import PackedTensors

extension LSTMRecipe: ONNXEncoderRecipe {}
extension GRURecipe: ONNXEncoderRecipe {}

extension RecurrentRecipe {
  /// A stem, and ONNX's `LSTM` or `GRU` for each layer, whose sequences end where they end.
  func addEncoder(to graph: inout ONNXBuilder) throws -> ONNXFrames {
    let (width, directions) = (network.width, network.bidirectional ? ["", "_reverse"] : [""])
    var x = try network.stem.add(
      "encoder.stem", causal: !network.bidirectional, activation: .relu, to: &graph)
    // Recurrent operators read [frames, batch, channels].
    x.name = graph.add("Transpose", [x.name], ["perm": .integers([2, 0, 1])])
    let lengths = graph.add("Cast", [graph.lengths(frame: x.frame)], ["to": .integer(6)])
    for layer in 0..<network.layers {
      let parameters = try self.parameters(ofLayer: layer, directions, inputs: x.channels, &graph)
      var attributes: [String: ONNXGraph.Attribute] = [
        "hidden_size": .integer(width), "direction": .text(network.bidirectional ? "bidirectional" : "forward"),
      ]
      if Self.cell == .gru { attributes["linear_before_reset"] = .integer(1) }
      let states = graph.add(
        Self.cell.rawValue.uppercased(), [x.name] + parameters + [lengths], attributes,
        name: "encoder.recurrent.l\(layer)")
      // [frames, directions, batch, width] → [frames, batch, directions · width]
      let turned = graph.add("Transpose", [states], ["perm": .integers([0, 2, 1, 3])])
      x.channels = directions.count * width
      x.name = graph.add("Reshape", [turned, graph.constant([0, 0, x.channels])])
    }
    x.name = graph.add("Transpose", [x.name], ["perm": .integers([1, 2, 0])])
    return x
  }

  /// The operator's three tensors, all directions in each: weights of the input, of the state, and biases of both.
  private func parameters(
    ofLayer layer: Int, _ directions: [String], inputs: Int, _ graph: inout ONNXBuilder
  ) throws -> [String] {
    let rows = Self.cell.gates * network.width
    var parts: [[String]] = [[], [], []]
    for direction in directions {
      func tensor(_ kind: String, _ shape: [Int], _ graph: inout ONNXBuilder) throws -> String {
        reordered(try graph.tensor("encoder.recurrent.\(kind)_l\(layer)\(direction)", shape), &graph)
      }
      parts[0].append(try tensor("weight_ih", [rows, inputs], &graph))
      parts[1].append(try tensor("weight_hh", [rows, network.width], &graph))
      let biases = [try tensor("bias_ih", [rows], &graph), try tensor("bias_hh", [rows], &graph)]
      parts[2].append(graph.add("Concat", biases, ["axis": .integer(0)]))
    }
    return parts.map { part in
      let stacked = part.map { graph.add("Unsqueeze", [$0, graph.constant([0])]) }
      return stacked.count == 1 ? stacked[0] : graph.add("Concat", stacked, ["axis": .integer(0)])
    }
  }

  /// Rows of gates in ONNX's order: input, output, forget, cell for input, forget, cell, output; update, reset, new for
  /// reset, update, new.
  private func reordered(_ name: String, _ graph: inout ONNXBuilder) -> String {
    let gates = graph.add("Split", [name], ["axis": .integer(0)], outputs: Self.cell.gates)
    let order = Self.cell == .lstm ? [0, 3, 1, 2] : [1, 0, 2]
    return graph.add("Concat", order.map { gates[$0] }, ["axis": .integer(0)])
  }
}
