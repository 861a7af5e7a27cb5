import PackedTensors

/// A trainable tensor: a named range of the parameter arena. The same range of the gradient and moment arenas belongs
/// to it.
public struct Parameter: Sendable, Hashable {
  /// Path in the state dict, such as `encoder.blocks.0.conv1.weight`.
  public let name: String
  /// Dimensions, PyTorch's order.
  public let shape: [Int]
  /// Elements of the arenas.
  public let range: Range<Int>

  /// Number of elements.
  public var count: Int { range.count }
  /// Whether weight decay applies: tensors of two and more dimensions decay; biases, gains and single vectors do not.
  public var decays: Bool { shape.count >= 2 }
}

/// A tensor that training follows but does not train, such as a running mean: a named range of the statistics arena.
public struct Statistic: Sendable, Hashable {
  /// Path in the state dict.
  public let name: String
  /// Elements of the statistics arena.
  public let range: Range<Int>
  /// Whether an average of weights has one of its own, as of running means.
  public let isAveraged: Bool
}

/// A whole number that training counts, such as a batch norm's batches: an index among the counters.
public struct Counter: Sendable, Hashable {
  /// Path in the state dict.
  public let name: String
  let index: Int
}

/// How a parameter begins.
public enum Initialisation: Sendable {
  /// Uniform in ±1/√fanIn: PyTorch's default for convolutions and linear layers (He et al. 2015 with a = √5).
  case uniform(fanIn: Int)
  /// Standard normal draws times a factor.
  case normal(Float)
  /// The same value everywhere.
  case constant(Float)
}

/// Owner of all parameters and statistics of a model, each kind in one arena, in the order in which layers register
/// them.
///
/// Not `Sendable`: it belongs to the thread that trains.
public final class ParameterStore {
  /// Registered parameters, in order.
  public private(set) var parameters: [Parameter] = []
  /// Registered statistics, in order.
  public private(set) var statistics: [Statistic] = []
  /// Registered counters, in order.
  public private(set) var counters: [Counter] = []
  /// Values of all parameters.
  public private(set) var values: [Float] = []
  private var statisticValues: [Float] = []
  private var counterValues: [Int64] = []
  /// What layers multiply that register here; the values themselves are fp32.
  public let precision: Precision
  private let seed: UInt64

  /// An empty store; `seed` decides initial values.
  public init(seed: UInt64, precision: Precision = .float32) {
    self.seed = seed
    self.precision = precision
  }

  /// Number of trainable elements.
  public var count: Int { values.count }

  /// A store of the same parameters and counters, and of the statistics that are averaged, as they stand.
  public func copy() -> ParameterStore {
    let copy = ParameterStore(seed: seed, precision: precision)
    (copy.parameters, copy.statistics, copy.counters) = (parameters, statistics.filter(\.isAveraged), counters)
    (copy.values, copy.statisticValues, copy.counterValues) = (values, statisticValues, counterValues)
    return copy
  }

  /// Moves every parameter and statistic by a share of its distance to that of `other`, and takes over its counters.
  /// - Precondition: the two are copies of one store.
  public func approach(_ other: ParameterStore, rate: Float) {
    precondition(values.count == other.values.count, "\(values.count) parameters approach \(other.values.count)")
    Self.approach(&values, other.values, values.indices, rate: rate)
    for statistic in statistics { Self.approach(&statisticValues, other.statisticValues, statistic.range, rate: rate) }
    counterValues = other.counterValues
  }

  private static func approach(_ values: inout [Float], _ others: [Float], _ range: Range<Int>, rate: Float) {
    values.withUnsafeMutableBufferPointer { values in
      others.withUnsafeBufferPointer { others in
        for index in range { values[index] += rate * (others[index] - values[index]) }
      }
    }
  }

  /// Registers a parameter and draws its initial value, which depends on seed and name alone.
  public func addParameter(_ name: String, shape: [Int], _ initialisation: Initialisation) -> Parameter {
    precondition(!parameters.contains { $0.name == name }, "two parameters are named \(name)")
    let count = shape.reduce(1, *)
    let parameter = Parameter(name: name, shape: shape, range: values.count..<values.count + count)
    values += initial(name, count: count, initialisation)
    parameters.append(parameter)
    return parameter
  }

  /// Registers a statistic of `count` elements.
  /// - Parameter isAveraged: whether an average of weights has one of its own.
  public func addStatistic(
    _ name: String, count: Int, _ initialisation: Initialisation, isAveraged: Bool = true
  ) -> Statistic {
    let range = statisticValues.count..<statisticValues.count + count
    let statistic = Statistic(name: name, range: range, isAveraged: isAveraged)
    statisticValues += initial(name, count: count, initialisation)
    statistics.append(statistic)
    return statistic
  }

  /// First values, which depend on seed and name alone.
  private func initial(_ name: String, count: Int, _ initialisation: Initialisation) -> [Float] {
    let key = RandomKey(seed: seed, purpose: "initialise." + name)
    return (0..<count).map { index in
      switch initialisation {
      case .uniform(let fanIn):
        let bound = (1 / Double(max(fanIn, 1))).squareRoot()
        return Float((2 * key.uniformDouble(sequence: index) - 1) * bound)
      case .normal(let factor): return factor * Float(key.normal(sequence: index))
      case .constant(let value): return value
      }
    }
  }

  /// Registers a counter beginning at 0.
  public func addCounter(_ name: String) -> Counter {
    let counter = Counter(name: name, index: counterValues.count)
    counterValues.append(0)
    counters.append(counter)
    return counter
  }

  /// The values of a parameter.
  public subscript(_ parameter: Parameter) -> [Float] {
    get { Array(values[parameter.range]) }
    set {
      precondition(
        newValue.count == parameter.count, "\(newValue.count) values for \(parameter.name) of \(parameter.count)")
      values.replaceSubrange(parameter.range, with: newValue)
    }
  }

  /// The values of a statistic.
  public subscript(_ statistic: Statistic) -> [Float] {
    get { Array(statisticValues[statistic.range]) }
    set {
      precondition(newValue.count == statistic.range.count, "\(newValue.count) values for \(statistic.name)")
      statisticValues.replaceSubrange(statistic.range, with: newValue)
    }
  }

  /// The value of a counter.
  public subscript(_ counter: Counter) -> Int64 {
    get { counterValues[counter.index] }
    set { counterValues[counter.index] = newValue }
  }

  /// Gives a parameter's first element to `body`.
  public func withPointer<R>(_ parameter: Parameter, _ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    try values.withUnsafeBufferPointer { try body($0.baseAddress! + parameter.range.lowerBound) }
  }

  /// Gives the whole arena to `body` for an update.
  public func withMutableValues<R>(_ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
    try values.withUnsafeMutableBufferPointer { try body($0.baseAddress!) }
  }
}
