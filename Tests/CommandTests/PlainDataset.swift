import Foundation
import TestSupport

/// A data set as a few lines of NumPy would write one: unsealed `.npy` files and a `dataset.json`, without Lockstep's
/// own code.
struct PlainDataset {
  /// How values are stored.
  enum Storage: String {
    case uint8 = "|u1"
    case float32 = "<f4"
  }

  var features = 1
  /// Number of categories; nil for reals.
  var categories: Int?
  var classes: [String] = []
  /// A sequence's timesteps × features.
  var sequences: [[Float]] = []
  var labels: [Int32]?
  var splits: [UInt8]?
  var storage: Storage { categories == nil ? .float32 : .uint8 }

  /// The bytes of an `.npy` file of version 1.0.
  static func npy(_ descriptor: String, _ shape: [Int], _ data: Data) -> Data {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    text += String(repeating: " ", count: 127 - 10 - text.utf8.count) + "\n"
    return Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(text.utf8) + data
  }

  /// The elements of an array as they lie in memory.
  static func data<T>(_ values: [T]) -> Data { values.withUnsafeBytes { Data($0) } }

  /// Writes it to a new place.
  func write(_ name: String = "plain") throws -> String {
    let path = Workplace.place(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    func put(_ file: String, _ content: Data) throws { try content.write(to: URL(fileURLWithPath: path + "/" + file)) }
    let all = sequences.flatMap(\.self)
    let values = storage == .uint8 ? Data(all.map { UInt8($0) }) : PlainDataset.data(all)
    var offsets: [Int64] = [0]
    for sequence in sequences { offsets.append(offsets[offsets.count - 1] + Int64(sequence.count / features)) }
    var shard = ["values": "values-00000.npy", "offsets": "offsets-00000.npy"]
    try put("values-00000.npy", PlainDataset.npy(storage.rawValue, [all.count / features, features], values))
    try put("offsets-00000.npy", PlainDataset.npy("<i8", [offsets.count], PlainDataset.data(offsets)))
    if let labels {
      shard["labels"] = "labels-00000.npy"
      try put("labels-00000.npy", PlainDataset.npy("<i4", [labels.count], PlainDataset.data(labels)))
    }
    if let splits {
      shard["splits"] = "splits-00000.npy"
      try put("splits-00000.npy", PlainDataset.npy("|u1", [splits.count], Data(splits)))
    }
    let json: [String: Any] = [
      "format": "lockstep-dataset", "version": 1, "name": name, "features": features,
      "values": categories.map { ["kind": "categories", "count": $0] as [String: Any] } ?? ["kind": "reals"],
      "classes": classes, "shards": [shard],
    ]
    try put("dataset.json", try JSONSerialization.data(withJSONObject: json))
    return path
  }

  /// Overwrites an entry of one of the arrays of a data set that was written, counted in elements of `T`.
  static func patch<T>(_ path: String, _ file: String, at index: Int, _ value: T) throws {
    let place = path + "/" + file
    var content = try bytes(place)
    let start = 128 + index * MemoryLayout<T>.size
    content.replaceSubrange(start..<start + MemoryLayout<T>.size, with: data([value]))
    try content.write(to: URL(fileURLWithPath: place))
  }

  /// Three classes of waves that differ in their period, with noise: reals, or whole numbers 0..<`categories`.
  /// - Parameters:
  ///   - lengths: a sequence each; classes and splits go round.
  ///   - testEvery: every so many sequences one is for testing and the next for validation.
  static func waves(
    lengths: [Int], features: Int = 1, categories: Int? = nil, testEvery: Int = 5, seed: UInt64 = 1
  ) -> PlainDataset {
    var numbers = Numbers(seed: seed)
    var made = PlainDataset(features: features, categories: categories, classes: ["slow", "middle", "fast"])
    made.labels = []
    made.splits = []
    for (index, length) in lengths.enumerated() {
      let label = index % 3
      let period = [48, 20, 9][label]
      let start = numbers.integer(below: period)
      var values: [Float] = []
      for t in 0..<length {
        for feature in 0..<features {
          // A triangle from 0 to 1 and back, with a little noise.
          let place = Float((start + t * (feature + 1)) % period) / Float(period)
          let wave = place < 0.5 ? 2 * place : 2 - 2 * place
          let value = min(max(wave + 0.05 * numbers.float(), 0), 0.999)
          values.append(categories.map { (value * Float($0)).rounded(.down) } ?? 10 * value)
        }
      }
      made.sequences.append(values)
      made.labels!.append(Int32(label))
      made.splits!.append([2, 1][safe: index % testEvery] ?? 0)
    }
    return made
  }
}

extension Array {
  /// The element at an index, nil where there is none.
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

/// `count` lengths between bounds, from a seed.
func someLengths(_ count: Int, _ bounds: ClosedRange<Int>, seed: UInt64 = 7) -> [Int] {
  var numbers = Numbers(seed: seed)
  return (0..<count).map { _ in bounds.lowerBound + numbers.integer(below: bounds.count) }
}
