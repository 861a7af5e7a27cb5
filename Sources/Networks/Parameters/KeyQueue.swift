import PackedTensors

/// The newest keys of the steps so far, from which contrastive losses take their negatives (He et al. 2020,
/// arXiv:1911.05722): part of the store, so that a checkpoint holds it and a resumed run goes on with it.
public struct KeyQueue: Sendable {
  /// Keys that it holds.
  public let capacity: Int
  /// Channels of a key.
  public let width: Int
  private let keys: Statistic
  /// How many keys have come so far, which tells the oldest one's place.
  private let taken: Counter

  /// Registers a queue under `path`, full of unit rows drawn evenly over all directions.
  public init(_ path: String, capacity: Int, width: Int, in store: ParameterStore) {
    precondition(capacity > 0 && width > 0, "a queue of \(capacity) keys of \(width)")
    self.capacity = capacity
    self.width = width
    keys = store.addStatistic(path + ".keys", count: capacity * width, .normal(1), isAveraged: false)
    taken = store.addCounter(path + ".taken")
    let rows = PackedTensor(layout: RaggedLayout(lengths: [capacity]), channels: width, elements: store[keys])
    store[keys] = UnitRows(rows).tensor.elements
  }

  /// All keys, `[capacity × width]`.
  public func rows(in store: ParameterStore) -> [Float] { store[keys] }

  /// Takes keys in, in their order, each in place of the oldest.
  public func add(_ new: [Float], in store: ParameterStore) {
    precondition(new.count % width == 0, "\(new.count) numbers are no keys of \(width)")
    var rows = store[keys]
    for index in 0..<new.count / width {
      let place = Int(store[taken] % Int64(capacity)) * width
      rows.replaceSubrange(place..<place + width, with: new[index * width..<(index + 1) * width])
      store[taken] += 1
    }
    store[keys] = rows
  }
}
