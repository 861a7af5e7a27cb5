import ArrayFiles
import Foundation

/// Writes a data set sequence by sequence, in shards of bounded size, with memory for far less than one shard of
/// values.
///
/// `dataset.json` is written last and atomically, sealed; until then the folder is no data set. A writer that is
/// dropped without ``finish(classes:values:)`` removes what it had written.
public final class DatasetWriter {
  /// The folder that is written.
  public let path: String
  /// Features of a timestep.
  public let features: Int
  /// What the values are.
  public let values: ValueKind
  /// The number of sequences so far.
  public var count: Int { labels.count }
  /// The number of timesteps so far.
  public private(set) var timesteps = 0

  /// The label of each sequence so far, -1 = none. May be changed until the end.
  var labels: [Int32] = []
  /// The split of each sequence so far. May be changed until the end.
  var splits: [Split] = []
  /// The group of each sequence so far, -1 = none.
  var groups: [Int32] = []

  private let name: String
  private let storage: NPYElement
  private let shardTimesteps: Int
  private let marker: WritingMarker
  private let madeFolder: Bool
  private var created: [String] = []
  private var shards: [DatasetManifest.ShardFiles] = []
  private var shardCounts: [Int] = []
  private var open: NPYWriter?
  private var names: NamesWriter?
  private var offsets: [Int64] = []
  private var finished = false

  /// Begins a data set in a folder that is empty or not there yet, or that an interrupted writer has left behind.
  ///
  /// `shardBytes` bounds a shard's values; a longer sequence has a shard of its own. Throws ``DataError/usage(_:)``
  /// where `path` is a file or a folder that is not empty, and file errors.
  public init(
    at path: String, name: String? = nil, features: Int, values: ValueKind, shardBytes: Int = 256 << 20
  ) throws {
    precondition(features > 0 && features <= DatasetManifest.mostFeatures, "\(features) features cannot be written")
    if case .categories(let count) = values {
      precondition(count > 0 && count <= DatasetManifest.mostCategories, "\(count) categories cannot be written")
    }
    self.path = path
    self.features = features
    self.values = values
    self.name = name ?? SequenceDataset.lastComponent(path)
    storage = DatasetWriter.storage(for: values)
    shardTimesteps = max(1, shardBytes / (features * storage.byteCount))
    (marker, madeFolder) = try DatasetWriter.prepare(path)
  }

  deinit { abandon() }

  /// Appends a sequence of `[timesteps, features]` values, row-major, and checks them.
  ///
  /// A name is text without a line's end. Throws ``DataError`` for an empty sequence, a value that is not finite or no
  /// category, and where the disk is full.
  public func append(
    _ sequence: UnsafeBufferPointer<Float>, label: Int? = nil, split: Split = .train, group: Int? = nil,
    name: String? = nil
  ) throws {
    precondition(!finished, "\(path) is finished")
    precondition(
      sequence.count % features == 0, "\(sequence.count) values are no whole timesteps of \(features) features")
    let length = sequence.count / features
    guard length > 0 else {
      throw DataError.entry(path: path, sequence: count, index: count, reason: "the sequence is empty")
    }
    let checker = ValueChecker(kind: values)
    if let bad = checker.firstBad(in: sequence) {
      throw DataError.value(
        path: path, sequence: count, timestep: bad / features, feature: bad % features,
        value: ValueChecker.text(sequence[bad]), expected: checker.expectation)
    }
    try DataError.wrap {
      if open != nil, Int(offsets[offsets.count - 1]) + length > shardTimesteps { try closeShard() }
      let writer = try open ?? beginShard()
      try store(sequence, with: writer)
      try append(name)
    }
    offsets.append(offsets[offsets.count - 1] + Int64(length))
    timesteps += length
    labels.append(Int32(label ?? -1))
    splits.append(split)
    groups.append(Int32(group ?? -1))
  }

  /// Appends a sequence of `[timesteps, features]` values, row-major, and checks them.
  public func append(
    _ sequence: [Float], label: Int? = nil, split: Split = .train, group: Int? = nil, name: String? = nil
  ) throws {
    try sequence.withUnsafeBufferPointer { try append($0, label: label, split: split, group: group, name: name) }
  }

  /// Writes the name of the sequence that comes next; the file begins with the first name of a shard.
  private func append(_ name: String?) throws {
    if name == nil, names == nil { return }
    let text = name ?? ""
    precondition(!text.utf8.contains(0x0A), "a name holds a line's end")
    if names == nil {
      let file = fileName("names", shard: shards.count)
      names = try NamesWriter(at: path + "/" + file, unnamed: offsets.count - 1)
      created.append(file)
    }
    try names?.append(text)
  }

  /// Writes labels, splits, groups and, last of all, `dataset.json` with digests and statistics.
  ///
  /// `values` may narrow the number of categories. Throws ``DataError/usage(_:)`` if there is no sequence, and file
  /// errors.
  public func finish(classes: [String], values narrowed: ValueKind? = nil) throws {
    try finish(classes: classes, values: narrowed, columns: nil)
  }

  /// The same, and the columns that the features come from.
  func finish(classes: [String], values narrowed: ValueKind?, columns: [DatasetManifest.Column]?) throws {
    precondition(!finished, "\(path) is finished")
    precondition(labels.allSatisfy { $0 >= -1 && Int($0) < classes.count }, "a label is not one of \(classes)")
    guard count > 0 else { throw DataError.usage("\(path): there is no sequence to write") }
    try DataError.wrap {
      try closeShard()
      try writeAnnotations()
      var manifest = DatasetManifest(
        name: name, features: features, values: narrowed ?? values, classes: classes, shards: shards)
      manifest.columns = columns
      manifest.files = try SequenceDataset(folder: path, manifest: manifest, bytes: []).computeSeal()
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let json = try encoder.encode(manifest)
      try AtomicFile.write([UInt8](json) + [0x0A], to: path + "/" + DatasetManifest.fileName)
    }
    finished = true
    marker.remove()
  }

  /// Removes what was written, and the folder if this writer made it. Nothing happens after
  /// ``finish(classes:values:)``.
  public func abandon() {
    guard !finished else { return }
    finished = true
    open = nil
    names = nil
    for file in created { try? AtomicFile.remove(path + "/" + file) }
    marker.remove()
    if madeFolder, let names = try? AtomicFile.names(inFolder: path), names.isEmpty { try? AtomicFile.remove(path) }
  }

  // MARK: Files

  private static func storage(for values: ValueKind) -> NPYElement {
    switch values {
    case .reals: .float32
    case .categories(let count): count <= 1 << 8 ? .uint8 : count <= 1 << 15 ? .int16 : .int32
    }
  }

  private func fileName(_ kind: String, shard: Int) -> String {
    let digits = String(shard)
    return kind + "-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
      + (kind == "names" ? ".txt" : ".npy")
  }

  private func makeFile(_ kind: String, shard: Int, _ element: NPYElement, row: [Int] = []) throws -> NPYWriter {
    let name = fileName(kind, shard: shard)
    let writer = try NPYWriter(at: path + "/" + name, element: element, rowShape: row)
    created.append(name)
    return writer
  }

  private func beginShard() throws -> NPYWriter {
    let writer = try makeFile("values", shard: shards.count, storage, row: [features])
    open = writer
    offsets = [0]
    return writer
  }

  private func closeShard() throws {
    guard let writer = open else { return }
    try writer.close()
    open = nil
    let offsetsWriter = try makeFile("offsets", shard: shards.count, .int64)
    try offsetsWriter.append(offsets)
    try offsetsWriter.close()
    shardCounts.append(offsets.count - 1)
    var files = DatasetManifest.ShardFiles(
      values: fileName("values", shard: shards.count), offsets: fileName("offsets", shard: shards.count))
    if let names {
      try names.close()
      self.names = nil
      files.names = fileName("names", shard: shards.count)
    }
    shards.append(files)
  }

  private func writeAnnotations() throws {
    let hasLabels = labels.contains { $0 >= 0 }
    let hasGroups = groups.contains { $0 >= 0 }
    var first = 0
    for (shard, size) in shardCounts.enumerated() {
      let range = first..<first + size
      func write<T: BitwiseCopyable>(_ kind: String, _ element: NPYElement, _ values: [T]) throws -> String {
        let writer = try makeFile(kind, shard: shard, element)
        try writer.append(values)
        try writer.close()
        return fileName(kind, shard: shard)
      }
      if hasLabels { shards[shard].labels = try write("labels", .int32, Array(labels[range])) }
      shards[shard].splits = try write("splits", .uint8, splits[range].map(\.rawValue))
      if hasGroups { shards[shard].groups = try write("groups", .int32, Array(groups[range])) }
      first += size
    }
  }

  private func store(_ sequence: UnsafeBufferPointer<Float>, with writer: NPYWriter) throws {
    func convert<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws {
      try withUnsafeTemporaryAllocation(of: T.self, capacity: sequence.count) { buffer in
        for index in 0..<sequence.count { buffer[index] = T(sequence[index]) }
        try writer.append(UnsafeBufferPointer(buffer))
      }
    }
    switch storage {
    case .uint8: try convert(UInt8.self)
    case .int16: try convert(Int16.self)
    case .int32: try convert(Int32.self)
    default: try writer.append(sequence)
    }
  }
}
