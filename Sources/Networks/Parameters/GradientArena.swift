import PackedTensors

/// Gradients of all parameters, a row for each aligned subtree of lanes that this rank carries: `[nodes × parameters]`.
///
/// Layers add their lanes' gradients through ``LaneFold``; when a row's range is complete the sink is told, and once
/// the ranks have completed the tree the first row holds the sum over the global batch.
public final class GradientArena {
  /// The lanes that this rank carries.
  public let lanes: Range<Int>
  /// The aligned subtrees that cover them, a row each.
  public let nodes: [LaneTree.Node]
  /// Elements of a row.
  public let count: Int
  /// The first element of the first row.
  public let base: UnsafeMutablePointer<Float>
  private let sink: any GradientSink

  /// Zeros for the lanes that a rank carries.
  public init(lanes: Range<Int>, count: Int, sink: any GradientSink) {
    self.lanes = lanes
    nodes = LaneTree.nodes(covering: lanes)
    self.count = count
    self.sink = sink
    base = .allocate(capacity: max(1, nodes.count * count))
    base.initialize(repeating: 0, count: max(1, nodes.count * count))
  }

  /// An arena whose sink is made with its memory.
  public convenience init<Sink: GradientSink>(
    lanes: Range<Int>, count: Int, makeSink: (UnsafeMutablePointer<Float>) throws -> Sink
  ) rethrows {
    let deferred = DeferredSink()
    self.init(lanes: lanes, count: count, sink: deferred)
    deferred.sink = try makeSink(base)
  }

  deinit { base.deallocate() }

  /// A parameter's range in a node's row.
  public func pointer(_ parameter: Parameter, node: Int) -> UnsafeMutablePointer<Float> {
    base + node * count + parameter.range.lowerBound
  }

  /// The first row: the total, once the sums over ranks are complete.
  public var total: UnsafePointer<Float> { UnsafePointer(base) }

  /// Says that the parameters in `range` are complete in every row.
  public func finished(_ range: Range<Int>) throws { try sink.finished(range) }

  /// Gives communication an opportunity to move along.
  public func poll() throws { try sink.poll() }
}

private final class DeferredSink: GradientSink {
  var sink: (any GradientSink)?
  func finished(_ range: Range<Int>) throws { try sink?.finished(range) }
  func poll() throws { try sink?.poll() }
}

/// The sink of a single rank: there is nobody to tell.
public final class NoGradientSink: GradientSink {
  /// A sink that does nothing.
  public init() {}
  /// Does nothing.
  public func finished(_ range: Range<Int>) {}
  /// Does nothing.
  public func poll() {}
}
