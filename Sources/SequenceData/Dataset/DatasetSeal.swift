import ArrayFiles
import Foundation

extension SequenceDataset {
  /// Whether `dataset.json` carries a digest of every file.
  public var isSealed: Bool {
    guard let files = manifest.files else { return false }
    return manifest.shards.allSatisfy { $0.all.allSatisfy { files[$0] != nil } }
  }

  /// The number of shards, for ``verifySeal(ofShard:)``.
  public var shardCount: Int { shards.count }

  /// Compares every sealed file with its digest; a set without a seal passes. Complexity: reads all bytes.
  ///
  /// Throws ``DataError`` for the first file that differs.
  public func verifySeal() throws {
    for shard in 0..<shardCount { try verifySeal(ofShard: shard) }
  }

  /// Compares the sealed files of one shard with their digests. Complexity: reads the shard.
  public func verifySeal(ofShard shard: Int) throws {
    for file in manifest.shards[shard].all { try verifySeal(of: file) }
  }

  private func verifySeal(of file: String) throws {
    guard let expected = manifest.files?[file]?.sha256 else { return }
    let place = path + "/" + file
    let found = try DataError.wrap { try Checksum.sha256(ofFile: place) }
    guard found == expected.lowercased() else {
      throw DataError.damaged(
        place,
        "its SHA-256 is \(found), but dataset.json was sealed with \(expected); restore the file, or run "
          + "`lockstep data seal` if the change was meant")
    }
  }

  /// Statistics of each values file, as recorded by the seal, in the order of the shards; nil where there is none.
  public var sealedStatistics: [ValueStatistics?] {
    manifest.shards.map { manifest.files?[$0.values]?.statistics }
  }

  /// Digest and statistics of every file. Throws at the first bad value. Complexity: two reads of all bytes.
  func computeSeal() throws -> [String: DatasetManifest.Seal] {
    var seals: [String: DatasetManifest.Seal] = [:]
    for shard in shards {
      let files = manifest.shards[shard.index]
      for file in files.all {
        let digest = try DataError.wrap { try Checksum.sha256(ofFile: path + "/" + file) }
        seals[file] = DatasetManifest.Seal(sha256: digest)
      }
      var accumulator = ValueStatistics.Accumulator(features: features)
      var values: [Float] = []
      for id in shard.firstID..<shard.firstID + shard.count {
        let size = length(of: id) * features
        if values.count < size { values = Array(repeating: 0, count: size) }
        try values.withUnsafeMutableBufferPointer { buffer in
          let part = UnsafeMutableBufferPointer(rebasing: buffer[..<size])
          try copyValues(of: id, into: part)
          accumulator.add(UnsafeBufferPointer(part))
        }
      }
      seals[files.values]?.statistics = accumulator.statistics
    }
    return seals
  }

  /// Checks a data set whole, values included, and writes the digest and statistics of each file into its
  /// `dataset.json`.
  ///
  /// Whatever else stands in `dataset.json` is kept. Throws ``DataError`` at the first defect, and then changes
  /// nothing.
  public static func seal(at path: String) throws {
    let dataset = try SequenceDataset(at: path)
    let seals = try JSONEncoder().encode(dataset.computeSeal())
    guard
      var object = try JSONSerialization.jsonObject(with: Data(dataset.manifestBytes)) as? [String: Any]
    else { throw DataError.damaged(path + "/" + DatasetManifest.fileName, "is not a JSON object") }
    object["files"] = try JSONSerialization.jsonObject(with: seals)
    let json = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try DataError.wrap {
      try AtomicFile.write([UInt8](json) + [0x0A], to: path + "/" + DatasetManifest.fileName)
    }
  }
}
