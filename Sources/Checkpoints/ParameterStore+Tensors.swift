import ArrayFiles
import Networks

extension ParameterStore {
  /// The state dict: every parameter, statistic and counter whose name begins with `prefix`, without it.
  public func tensors(under prefix: String = "") -> [NamedTensor] {
    var result: [NamedTensor] = []
    func add(_ name: String, _ shape: [Int], _ elements: NamedTensor.Elements) {
      if name.hasPrefix(prefix) {
        result.append(NamedTensor(name: String(name.dropFirst(prefix.count)), shape: shape, elements: elements))
      }
    }
    for parameter in parameters { add(parameter.name, parameter.shape, .float32(self[parameter])) }
    for statistic in statistics { add(statistic.name, [statistic.range.count], .float32(self[statistic])) }
    for counter in counters { add(counter.name, [], .int64([self[counter]])) }
    return result
  }

  /// Sets everything whose name begins with `prefix` from a state dict that must hold exactly these tensors.
  /// - Parameter source: where the tensors come from, for errors.
  /// - Throws: `FileError.damaged` naming the first tensor that is missing, superfluous or of another shape.
  public func load(_ tensors: [NamedTensor], under prefix: String = "", source: String) throws(FileError) {
    var byName: [String: NamedTensor] = [:]
    for tensor in tensors { byName[prefix + tensor.name] = tensor }
    func take(_ name: String, _ shape: [Int]) throws(FileError) -> NamedTensor {
      guard let tensor = byName.removeValue(forKey: name) else {
        throw .damaged(
          path: source, reason: "holds no tensor \(name.dropFirst(prefix.count)); it was made by another model")
      }
      guard tensor.shape == shape else {
        throw .damaged(
          path: source, reason: "tensor \(tensor.name) has shape \(tensor.shape); this model's has \(shape)")
      }
      return tensor
    }
    func floats(_ tensor: NamedTensor) throws(FileError) -> [Float] {
      guard case .float32(let values) = tensor.elements else {
        throw .damaged(path: source, reason: "tensor \(tensor.name) is not of type F32")
      }
      return values
    }
    for parameter in parameters where parameter.name.hasPrefix(prefix) {
      self[parameter] = try floats(take(parameter.name, parameter.shape))
    }
    for statistic in statistics where statistic.name.hasPrefix(prefix) {
      self[statistic] = try floats(take(statistic.name, [statistic.range.count]))
    }
    for counter in counters where counter.name.hasPrefix(prefix) {
      let tensor = try take(counter.name, [])
      guard case .int64(let values) = tensor.elements else {
        throw .damaged(path: source, reason: "tensor \(tensor.name) is not of type I64")
      }
      self[counter] = values[0]
    }
    if let extra = byName.keys.min() {
      throw .damaged(path: source, reason: "holds a tensor \(extra.dropFirst(prefix.count)) that this model lacks")
    }
  }
}

extension Optimizer {
  /// The state arenas, a tensor for each parameter, such as `exp_avg.encoder.stem.conv.weight`, and the number of
  /// updates, `step`; of the second turn `step.1`.
  public func tensors(of store: ParameterStore) -> [NamedTensor] {
    var result = updates.enumerated().map { turn, count in
      NamedTensor(name: Self.stepName(turn), shape: [], elements: .int64([Int64(count)]))
    }
    for arena in arenas {
      for parameter in store.parameters {
        result.append(
          NamedTensor(
            name: arena.name + "." + parameter.name, shape: parameter.shape,
            elements: .float32(Array(arena.values[parameter.range]))))
      }
    }
    return result
  }

  /// Sets the state from ``tensors(of:)``.
  public mutating func load(_ tensors: [NamedTensor], of store: ParameterStore, source: String) throws(FileError) {
    var byName: [String: NamedTensor] = [:]
    for tensor in tensors { byName[tensor.name] = tensor }
    var counts: [Int] = []
    for turn in updates.indices {
      guard case .int64(let count)? = byName[Self.stepName(turn)]?.elements else {
        throw .damaged(path: source, reason: "holds no optimizer \(Self.stepName(turn))")
      }
      counts.append(Int(count[0]))
    }
    var loaded = arenas
    for index in loaded.indices {
      for parameter in store.parameters {
        let name = loaded[index].name + "." + parameter.name
        guard let tensor = byName[name], tensor.shape == parameter.shape, case .float32(let values) = tensor.elements
        else {
          throw .damaged(path: source, reason: "holds no tensor \(name) of shape \(parameter.shape)")
        }
        loaded[index].values.replaceSubrange(parameter.range, with: values)
      }
    }
    arenas = loaded
    updates = counts
  }

  private static func stepName(_ turn: Int) -> String { turn == 0 ? "step" : "step.\(turn)" }
}

extension WeightAverage {
  private static let prefix = "average."

  /// The averaged weights and statistics, such as `average.encoder.stem.conv.weight`.
  public func tensors() -> [NamedTensor] {
    store.tensors().map { NamedTensor(name: Self.prefix + $0.name, shape: $0.shape, elements: $0.elements) }
  }

  /// Sets them from ``tensors()``, among which others may stand.
  public func load(_ tensors: [NamedTensor], source: String) throws(FileError) {
    var own: [NamedTensor] = []
    for tensor in tensors where tensor.name.hasPrefix(Self.prefix) {
      own.append(
        NamedTensor(
          name: String(tensor.name.dropFirst(Self.prefix.count)), shape: tensor.shape, elements: tensor.elements))
    }
    try store.load(own, source: source)
  }
}
