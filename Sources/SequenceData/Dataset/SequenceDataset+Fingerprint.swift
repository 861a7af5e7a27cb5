import ArrayFiles

extension SequenceDataset {
  /// SHA-256, in hexadecimal, over `dataset.json` and each shard's sizes, offsets, labels, splits and groups: what must
  /// be equal on all ranks and in a resumed run. It depends on content alone, never on paths, and not on the values.
  /// Complexity: O(sequences).
  public var fingerprint: String {
    var digest = Checksum.Stream()
    func add(_ bytes: UnsafeRawBufferPointer) {
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { digest.update($0) }
      digest.update(bytes)
    }
    manifestBytes.withUnsafeBytes { add($0) }
    for shard in shards {
      let head = "\(shard.values.element.descriptor) \(shard.timesteps) \(shard.features) \(shard.count)"
      Array(head.utf8).withUnsafeBytes { add($0) }
      for array in [shard.offsets, shard.labels, shard.splits, shard.groups] {
        withExtendedLifetime(array) {
          add(array?.data ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
      }
    }
    return digest.finalize()
  }
}
