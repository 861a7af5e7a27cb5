import Networks
import PackedTensors

/// What a frozen encoder makes of each sequence, pooled: computed once on a rank, and kept.
///
/// A probe sees its sequences again every epoch, and a sequence's embedding depends on nothing else in its batch, so that
/// what was kept has the bits of what would be computed. A row of `width` numbers stands for a sequence of frames, because
/// pooling one row changes nothing. Where the objective draws views of its own, nothing is kept.
struct FrozenEmbeddings {
  /// Memory that all kept rows may take, and where each lies. What does not fit is computed each time.
  static let capacity = 256 << 20

  private let pooling: Pooling
  private let width: Int
  private let capacity: Int
  /// Where the row of each sequence begins in `rows`.
  private var places: [Int: Int] = [:]
  private var rows: [Float] = []

  /// - Parameters:
  ///   - width: channels of an embedding.
  ///   - capacity: bytes.
  init(_ pooling: Pooling, width: Int, capacity: Int = Self.capacity) {
    self.pooling = pooling
    self.width = width
    self.capacity = capacity
  }

  /// Bytes of a row and of its place: two words, in a table that is a third empty or more.
  private var bytesOfRow: Int { width * MemoryLayout<Float>.size + 4 * MemoryLayout<Int>.size }

  /// Bytes that are kept when so many sequences have been seen.
  func bytes(sequences: Int) -> Int { min(capacity, sequences * bytesOfRow) }

  /// The pooled embeddings of a batch, `[sequences, width]`.
  /// - Parameters:
  ///   - values: what the encoder reads, `[timesteps, features]`.
  ///   - ids: a number of each sequence that no other has, and that is the same whenever the sequence comes.
  ///   - embed: the encoder: from the values of some sequences and their ids to `[frames, width]`.
  mutating func pooled(
    _ values: PackedTensor, ids: [Int], by embed: (PackedTensor, [Int]) throws -> PackedTensor
  ) rethrows -> PackedTensor {
    let known = ids.map { places[$0] }
    let missing = ids.indices.filter { known[$0] == nil }
    guard !missing.isEmpty else { return joined(known, nil, values.layout.pooled) }
    let isWhole = missing.count == ids.count
    let new = isWhole ? ids : missing.map { ids[$0] }
    let computed = pooling.forward(try embed(isWhole ? values : values.only(missing), new)).0
    keep(computed, ids: new)
    return isWhole ? computed : joined(known, computed, values.layout.pooled)
  }

  /// Rows that are kept, and between them, in order, those that were computed.
  private func joined(_ known: [Int?], _ computed: PackedTensor?, _ layout: RaggedLayout) -> PackedTensor {
    let pooled = PackedTensor(layout: layout, channels: width)
    var next = 0
    for (index, place) in known.enumerated() {
      if let place {
        rows.withUnsafeBufferPointer { pooled.row(index).update(from: $0.baseAddress! + place, count: width) }
      } else {
        pooled.row(index).update(from: computed!.row(next), count: width)
        next += 1
      }
    }
    return pooled
  }

  private mutating func keep(_ pooled: PackedTensor, ids: [Int]) {
    for (index, id) in ids.enumerated() {
      guard (places.count + 1) * bytesOfRow <= capacity else { return }
      places[id] = rows.count
      rows.append(contentsOf: UnsafeBufferPointer(start: pooled.row(index), count: width))
    }
  }
}

extension Model {
  /// A place to keep what the encoder makes, where it is frozen and the objective reads no more of it than a row a sequence.
  var frozenEmbeddings: FrozenEmbeddings? {
    guard isEncoderFrozen && objective.readsValues else { return nil }
    return objective.pooling.map { FrozenEmbeddings($0, width: encoder.width) }
  }
}
