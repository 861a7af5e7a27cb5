import ArrayFiles

/// What a data set holds, and every defect in it: inspection reads all values and all digests and stops at nothing.
public struct DatasetInspection: Sendable {
  /// The most defects that are described; the others are counted.
  public static let mostDescribed = 100

  /// How many sequences of one split there are.
  public struct SplitCounts: Sendable, Equatable {
    /// Sequences of each class.
    public var perClass: [Int]
    /// Sequences without a label.
    public var unlabelled = 0
    /// Timesteps of all of them.
    public var timesteps = 0
    /// All sequences.
    public var sequences: Int { perClass.reduce(unlabelled, +) }
  }

  /// The lengths of the sequences, in timesteps.
  public struct Lengths: Sendable, Equatable {
    /// The shortest.
    public var minimum: Int
    /// The one in the middle; of an even number the upper.
    public var median: Int
    /// The longest.
    public var maximum: Int
    /// How many lie in `least ..< 2 * least`, where `least` are powers of two, from the shortest to the longest.
    public var histogram: [Bin]
  }

  /// One bar of the histogram of lengths.
  public struct Bin: Sendable, Equatable {
    /// The least length that it counts, a power of two.
    public var least: Int
    /// How many sequences it counts.
    public var count: Int
  }

  /// The folder.
  public let path: String
  /// What the data set calls itself.
  public let name: String
  /// Features of a timestep.
  public let features: Int
  /// What the values are.
  public let values: ValueKind
  /// The names of the classes.
  public let classes: [String]
  /// The number of shards that `dataset.json` names.
  public let shards: Int
  /// Whether `dataset.json` carries a digest of every file.
  public let isSealed: Bool
  /// The counts of each split, in the order of ``Split``, over the shards that can be read.
  public private(set) var splits: [SplitCounts]
  /// The number of distinct groups.
  public private(set) var groups = 0
  /// The lengths, or nil if no sequence can be read.
  public private(set) var lengths: Lengths?
  /// The least and the greatest finite value, or nil if there is none.
  public private(set) var valueRange: ClosedRange<Float>?
  /// The first defects, at most ``mostDescribed``.
  public private(set) var defects: [DataError] = []
  /// The number of all defects.
  public private(set) var defectCount = 0

  /// All sequences that can be read.
  public var sequences: Int { splits.reduce(0) { $0 + $1.sequences } }
  /// All timesteps that can be read.
  public var timesteps: Int { splits.reduce(0) { $0 + $1.timesteps } }
  /// The code that tells a caller: 0 for a sound data set, else that of the first defect.
  public var exitCode: Int32 { defects.first?.exitCode ?? 0 }

  /// Inspects a data set. Complexity: two reads of a sealed set, one of another; memory for its longest sequence.
  ///
  /// Throws ``DataError`` only where there is no readable `dataset.json`.
  public init(at path: String) throws {
    let (manifest, _) = try DatasetManifest.read(in: path)
    self.path = path
    name = manifest.name ?? SequenceDataset.lastComponent(path)
    features = manifest.features
    values = manifest.kind
    classes = manifest.classes ?? []
    shards = manifest.shards.count
    splits = Split.allCases.map { _ in SplitCounts(perClass: Array(repeating: 0, count: manifest.classes?.count ?? 0)) }
    let sealed = manifest.files ?? [:]
    isSealed = manifest.shards.allSatisfy { $0.all.allSatisfy { sealed[$0] != nil } }
    var allLengths: [Int] = []
    var allGroups: Set<Int32> = []
    var firstID = 0
    for (index, files) in manifest.shards.enumerated() {
      let shard = try Shard.open(
        files, index: index, firstID: firstID, manifest: manifest, folder: path, report: { record($0) })
      if let shard {
        count(shard, &allLengths, &allGroups)
        inspectValues(of: shard)
        firstID += shard.count
      }
      for file in files.all {
        guard let digest = sealed[file]?.sha256 else { continue }
        inspectSeal(path + "/" + file, digest)
      }
    }
    if firstID == 0, defectCount == 0 { record(.damaged(path, "the data set holds no sequences")) }
    groups = allGroups.count
    lengths = DatasetInspection.summarise(&allLengths)
  }

  private mutating func record(_ defect: @autoclosure () -> DataError) {
    defectCount += 1
    if defects.count < DatasetInspection.mostDescribed { defects.append(defect()) }
  }

  private mutating func count(_ shard: Shard, _ lengths: inout [Int], _ groups: inout Set<Int32>) {
    for index in 0..<shard.count {
      let length = shard.range(of: index).count
      lengths.append(length)
      let split = shard.splits.map { Int($0.value(at: index, as: UInt8.self)) } ?? 0
      let place = splits.indices.contains(split) ? split : 0
      let label = shard.labels.map { Int($0.value(at: index, as: Int32.self)) } ?? -1
      if classes.indices.contains(label) { splits[place].perClass[label] += 1 } else { splits[place].unlabelled += 1 }
      splits[place].timesteps += length
      if let group = shard.groups?.value(at: index, as: Int32.self), group >= 0 { groups.insert(group) }
    }
  }

  private mutating func inspectValues(of shard: Shard) {
    let (features, checker) = (self.features, ValueChecker(kind: values))
    let size = shard.values.element.byteCount
    var least = Float.infinity
    var greatest = -Float.infinity
    var converted: [Float] = []
    for index in 0..<shard.count {
      let range = shard.range(of: index)
      let count = range.count * features
      if converted.count < count { converted = Array(repeating: 0, count: count) }
      let first = range.lowerBound * features * size
      converted.withUnsafeMutableBufferPointer { buffer in
        let part = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        let bytes = UnsafeRawBufferPointer(rebasing: shard.values.data[first..<first + count * size])
        var bad = checker.copy(bytes, as: shard.values.element, into: part)
        while let position = bad {
          record(
            .value(
              path: shard.values.name, sequence: shard.firstID + index, timestep: position / features,
              feature: position % features, value: ValueChecker.text(part[position]), expected: checker.expectation))
          bad = checker.firstBad(in: UnsafeBufferPointer(part), from: position + 1)
        }
        for value in part where value.isFinite {
          least = min(least, value)
          greatest = max(greatest, value)
        }
      }
    }
    guard least <= greatest else { return }
    valueRange = valueRange.map { min($0.lowerBound, least)...max($0.upperBound, greatest) } ?? least...greatest
  }

  private mutating func inspectSeal(_ file: String, _ expected: String) {
    do {
      let found = try Checksum.sha256(ofFile: file)
      if found != expected.lowercased() {
        record(.damaged(file, "its SHA-256 is \(found), but dataset.json was sealed with \(expected)"))
      }
    } catch FileError.missing {
      // Reported when its shard was opened.
    } catch {
      record(.file(error))
    }
  }

  private static func summarise(_ lengths: inout [Int]) -> Lengths? {
    lengths.sort()
    guard let first = lengths.first, let last = lengths.last else { return nil }
    func octave(_ length: Int) -> Int { Int.bitWidth - 1 - length.leadingZeroBitCount }
    var bins = (octave(first)...octave(last)).map { Bin(least: 1 << $0, count: 0) }
    for length in lengths { bins[octave(length) - octave(first)].count += 1 }
    let median = lengths[lengths.count / 2]
    return Lengths(minimum: first, median: median, maximum: last, histogram: bins)
  }
}
