/// Where each sequence of a packed batch lies, which lane it belongs to, and how many timesteps the whole global batch
/// has.
///
/// The timesteps of sequence `i` are rows `offsets[i] ..< offsets[i + 1]`; there are no others. A rank's layout holds
/// the sequences of the lanes that it carries, lane after lane; `globalLengths` are the lengths of the step's sequences
/// on all ranks, from which every rank computes the counts that sums are divided by.
public struct RaggedLayout: Sendable, Equatable {
  /// First row of each sequence, and the number of rows at the end: `[sequences + 1]`, from 0.
  public let offsets: [Int]
  /// Sequence index at which each carried lane begins, and the number of sequences at the end: `[carried lanes + 1]`.
  public let laneBounds: [Int]
  /// Lengths of all sequences of the global batch, in any order that all ranks share.
  public let globalLengths: [Int]

  /// A layout from lengths in lane order.
  /// - Parameters:
  ///   - lengths: timesteps of each sequence that this rank holds.
  ///   - laneBounds: `[carried lanes + 1]` sequence indices; one lane with everything when absent.
  ///   - globalLengths: lengths of the whole global batch; `lengths` when absent.
  public init(lengths: [Int], laneBounds: [Int]? = nil, globalLengths: [Int]? = nil) {
    var offsets = [0]
    offsets.reserveCapacity(lengths.count + 1)
    for length in lengths { offsets.append(offsets[offsets.count - 1] + length) }
    let bounds = laneBounds ?? [0, lengths.count]
    precondition(
      bounds.first == 0 && bounds.last == lengths.count, "lane bounds \(bounds) do not cover \(lengths.count) sequences"
    )
    self.offsets = offsets
    self.laneBounds = bounds
    self.globalLengths = globalLengths ?? lengths
  }

  /// Number of sequences that this rank holds.
  public var sequences: Int { offsets.count - 1 }
  /// Number of rows that this rank holds.
  public var timesteps: Int { offsets[offsets.count - 1] }
  /// Number of lanes that this rank carries.
  public var carriedLanes: Int { laneBounds.count - 1 }
  /// Number of timesteps of the global batch, over all ranks. Complexity: O(sequences).
  public var globalTimesteps: Int { globalLengths.reduce(0, +) }

  /// Rows of sequence `index`.
  public func rows(of index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }
  /// Timesteps of sequence `index`.
  public func length(of index: Int) -> Int { offsets[index + 1] - offsets[index] }
  /// Sequences of the carried lane `lane`, counted from the first that this rank carries.
  public func sequences(ofLane lane: Int) -> Range<Int> { laneBounds[lane]..<laneBounds[lane + 1] }

  /// The layout after a layer that keeps every `stride`-th timestep, from the first: lengths become `ceil(length /
  /// stride)`.
  public func strided(by stride: Int) -> RaggedLayout {
    if stride == 1 { return self }
    let lengths = (0..<sequences).map { (length(of: $0) + stride - 1) / stride }
    return RaggedLayout(
      lengths: lengths, laneBounds: laneBounds, globalLengths: globalLengths.map { ($0 + stride - 1) / stride })
  }

  /// The layout in which each sequence is a lane of its own: for sums that end with a sequence.
  var withSequencesAsLanes: RaggedLayout {
    RaggedLayout(
      lengths: (0..<sequences).map(length(of:)), laneBounds: Array(0...sequences), globalLengths: globalLengths)
  }

  /// The layout with one row a sequence, as after pooling.
  public var pooled: RaggedLayout {
    RaggedLayout(
      lengths: [Int](repeating: 1, count: sequences), laneBounds: laneBounds,
      globalLengths: [Int](repeating: 1, count: globalLengths.count))
  }
}
