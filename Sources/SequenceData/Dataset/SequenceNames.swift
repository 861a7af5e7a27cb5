import ArrayFiles

/// The names of a data set's sequences, read from start to end: a shard's file is mapped, and no line is kept.
public final class SequenceNames {
  private let dataset: SequenceDataset
  private var shard = -1
  private var index = 0
  private var position = 0

  /// The names of a data set, or nil if it has none.
  public init?(_ dataset: SequenceDataset) {
    guard dataset.shards.contains(where: { $0.names != nil }) else { return nil }
    self.dataset = dataset
  }

  /// The name of a sequence, empty where it has none. Ids must rise from call to call. Complexity: O(bytes passed over).
  public func name(of id: Int) -> String {
    let (place, wanted) = dataset.locate(id)
    if place.index != shard { (shard, index, position) = (place.index, 0, 0) }
    precondition(wanted >= index, "the name of sequence \(id) has been passed by")
    guard let file = place.names else { return "" }
    return withExtendedLifetime(file) {
      while index < wanted { _ = line(file) }
      return String(decoding: line(file), as: UTF8.self)
    }
  }

  private func line(_ file: MappedFile) -> UnsafeRawBufferPointer {
    let start = position
    while position < file.count, file.bytes[position] != 0x0A { position += 1 }
    let line = UnsafeRawBufferPointer(rebasing: file.bytes[start..<position])
    position += 1
    index += 1
    return line
  }
}
