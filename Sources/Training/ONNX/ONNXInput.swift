import ArrayFiles

/// How an encoder reads the values of a graph's input.
struct ONNXInput {
  /// Features of a timestep.
  var features: Int
  /// The number of categories where values are looked up; none where they are read as numbers.
  var categories: Int?
  /// What is done to numbers first.
  var normalisation: InputNormalisation

  /// The graph's inputs.
  var values: [ONNXGraph.Value] {
    [
      .init(
        ONNXBuilder.values, categories == nil ? .float32 : .int64,
        [.named("batch"), .fixed(features), .named("length")],
        (categories.map { "categories from 0 to \($0 - 1)" } ?? "values as the data set holds them")
          + "; whatever stands beyond a sequence's length is not read"),
      .init(ONNXBuilder.lengths, .int64, [.named("batch")], "timesteps of each sequence, 1 to length"),
    ]
  }
}

extension ONNXBuilder {
  /// The input as numbers, normalised, `[batch, features, timesteps]`.
  mutating func numbers() -> ONNXFrames {
    let raw = masked(ONNXFrames(name: ONNXBuilder.values, channels: input.features, frame: 1))
    switch input.normalisation {
    case .none: return raw
    case .dataset(let mean, let deviation): return normalised(raw, mean, deviation)
    case .sequence: return normalisedAlone(raw)
    }
  }

  /// The learned vectors of the input's categories, those of a timestep's features added up, `[batch, width, timesteps]`.
  mutating func vectors(of categories: Int, table: String, width: Int) throws -> ONNXFrames {
    // Beyond the end there may be numbers that are no rows of the table.
    var rows = add("Where", [mask(frame: 1), ONNXBuilder.values, constant(0)])
    if input.features > 1 {
      rows = add("Add", [rows, constant((0..<input.features).map { $0 * categories }, [input.features, 1])])
    }
    let table = try tensor(table, [input.features * categories, width])
    let sum = add("ReduceSum", [add("Gather", [table, rows]), constant([1])], ["keepdims": .integer(0)])
    let name = add("Transpose", [sum], ["perm": .integers([0, 2, 1])])
    return ONNXFrames(name: name, channels: width, frame: 1)
  }

  /// `(x − mean) / deviation`. A mean of Double is taken away in two parts, which keeps digits where it is far from zero.
  private mutating func normalised(_ x: ONNXFrames, _ mean: [Double], _ deviation: [Double]) -> ONNXFrames {
    let rest = mean.map { Float($0 - Double(Float($0))) }
    var name = subtract(mean.map { Float($0) }, from: x.name)
    if rest.contains(where: { $0 != 0 }) { name = subtract(rest, from: name) }
    let scale = deviation.map { Float(1 / ($0 + InputNormalisation.smallestDeviation)) }
    name = add("Mul", [name, constant(.float32(scale), [scale.count, 1])])
    return ONNXFrames(name: name, channels: x.channels, frame: 1)
  }

  private mutating func subtract(_ numbers: [Float], from name: String) -> String {
    add("Sub", [name, constant(.float32(numbers), [numbers.count, 1])])
  }

  /// The same with each sequence's own moments. What rounding leaves of the mean is taken away in a second turn.
  private mutating func normalisedAlone(_ x: ONNXFrames) -> ONNXFrames {
    var x = x
    for _ in 0..<2 {
      let centred = add("Sub", [x.name, mean(of: x)])
      x = masked(ONNXFrames(name: centred, channels: x.channels, frame: 1))
    }
    let square = ONNXFrames(
      name: add("Mul", [x.name, x.name]), channels: x.channels, frame: 1, isZeroBeyond: true)
    let deviation = add("Sqrt", [mean(of: square)])
    let smallest = constant(Float(InputNormalisation.smallestDeviation))
    let name = add("Div", [x.name, add("Add", [deviation, smallest])])
    return ONNXFrames(name: name, channels: x.channels, frame: 1, isZeroBeyond: true)
  }

  /// Mean of each sequence's own frames, `[batch, channels, 1]`.
  mutating func mean(of x: ONNXFrames) -> String {
    let count = add("Unsqueeze", [lengths(frame: x.frame), constant([1, 2])])
    let sum = add("ReduceSum", [masked(x).name, constant([2])], ["keepdims": .integer(1)])
    return add("Div", [sum, add("Cast", [count], ["to": .integer(1)])])
  }
}
