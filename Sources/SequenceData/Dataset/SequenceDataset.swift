import ArrayFiles

/// A data set on disk: sequences of timesteps by features, in shards that are mapped and never read whole.
///
/// A sequence's id is its index in the concatenation of the shards. Opening checks everything but the values and takes
/// time in proportion to the number of sequences, not to their lengths; values are checked each time they are copied.
public final class SequenceDataset: Sendable {
  /// The folder that was opened.
  public let path: String
  /// What the data set calls itself; the folder's name if it does not say.
  public let name: String
  /// Features (channels) of a timestep.
  public let features: Int
  /// What the values are.
  public let values: ValueKind
  /// The names of the classes; empty if there are none.
  public let classes: [String]
  /// The number of sequences.
  public let count: Int
  /// The number of timesteps of all sequences.
  public let timesteps: Int

  let shards: [Shard]
  let manifest: DatasetManifest
  let manifestBytes: [UInt8]

  /// Opens a data set: reads `dataset.json`, maps the shards, verifies sizes, offsets, labels and splits (not the
  /// values).
  ///
  /// Throws ``DataError`` at the first defect, with file, sequence and position. Complexity: O(sequences).
  public convenience init(at path: String) throws {
    let (manifest, bytes) = try DatasetManifest.read(in: path)
    try self.init(folder: path, manifest: manifest, bytes: bytes)
  }

  /// Opens the shards that a manifest names; `bytes` is what the manifest was read from.
  init(folder path: String, manifest: DatasetManifest, bytes: [UInt8]) throws {
    var shards: [Shard] = []
    var count = 0
    var timesteps = 0
    for (index, files) in manifest.shards.enumerated() {
      let opened = try Shard.open(
        files, index: index, firstID: count, manifest: manifest, folder: path, report: { throw $0 })
      guard let shard = opened else { continue }
      shards.append(shard)
      count += shard.count
      timesteps += shard.timesteps
    }
    guard count > 0 else { throw DataError.damaged(path, "the data set holds no sequences") }
    self.path = path
    name = manifest.name ?? SequenceDataset.lastComponent(path)
    features = manifest.features
    values = manifest.kind
    classes = manifest.classes ?? []
    self.count = count
    self.timesteps = timesteps
    self.shards = shards
    self.manifest = manifest
    manifestBytes = bytes
  }

  /// The number of timesteps of a sequence. Complexity: O(log shards), as all look-ups by id.
  public func length(of id: Int) -> Int {
    let (shard, index) = locate(id)
    return shard.range(of: index).count
  }

  /// The class of a sequence, or nil if it has no label.
  public func label(of id: Int) -> Int? {
    let (shard, index) = locate(id)
    guard let label = shard.labels?.value(at: index, as: Int32.self), label >= 0 else { return nil }
    return Int(label)
  }

  /// The split of a sequence; `train` where the data set names none.
  public func split(of id: Int) -> Split {
    let (shard, index) = locate(id)
    return shard.splits.flatMap { Split(rawValue: $0.value(at: index)) } ?? .train
  }

  /// The group (subject, speaker) of a sequence, or nil if it has none.
  public func group(of id: Int) -> Int? {
    let (shard, index) = locate(id)
    guard let group = shard.groups?.value(at: index, as: Int32.self), group >= 0 else { return nil }
    return Int(group)
  }

  /// The shards that hold some sequences, ascending.
  public func shards(of ids: [Int]) -> [Int] { Set(ids.map { locate($0).shard.index }).sorted() }

  /// An error at the label of a sequence.
  public func labelError(of id: Int, _ reason: String) -> DataError {
    let (shard, index) = locate(id)
    return .entry(path: shard.labels?.name ?? path, sequence: id, index: index, reason: reason)
  }

  /// The shard that holds a sequence, and the sequence's index there.
  func locate(_ id: Int) -> (shard: Shard, index: Int) {
    precondition(id >= 0 && id < count, "sequence \(id) is not one of the \(count) sequences of \(path)")
    var low = 0
    var high = shards.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if shards[middle].firstID <= id { low = middle } else { high = middle - 1 }
    }
    return (shards[low], id - shards[low].firstID)
  }

  static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
