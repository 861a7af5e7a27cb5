import ArrayFiles
import Foundation

/// The content of `dataset.json`.
struct DatasetManifest: Codable, Sendable {
  /// The files of one shard, named relative to the data set's folder.
  struct ShardFiles: Codable, Sendable {
    var values: String
    var offsets: String
    var labels: String?
    var splits: String?
    var groups: String?
    var names: String?

    /// All that are there, values first.
    var all: [String] { [values, offsets] + [labels, splits, groups, names].compactMap(\.self) }
  }

  /// What `values` says of the kind.
  struct Values: Codable, Sendable {
    var kind: String
    var count: Int?
  }

  /// What a seal says of one file.
  struct Seal: Codable, Sendable {
    var sha256: String
    var statistics: ValueStatistics?
  }

  /// A column of the table that an import read: one feature, or, of words, one for each level and a last one for any
  /// other word.
  struct Column: Codable, Sendable, Equatable {
    var name: String
    var levels: [String]?

    /// Its features.
    var width: Int { levels.map { $0.count + 1 } ?? 1 }
  }

  static let fileName = "dataset.json"
  /// The longest `dataset.json` that is read, in bytes.
  static let longest = 64 << 20
  /// The most categories: what an embedding could reasonably hold, and a Float represents exactly.
  static let mostCategories = 1 << 24
  /// The most classes.
  static let mostClasses = 1 << 16
  /// The most features of a timestep.
  static let mostFeatures = 1 << 20

  var format = "lockstep-dataset"
  var version = 1
  var name: String?
  var features: Int
  var values: Values
  var classes: [String]?
  /// The columns that the features come from, where a table had columns of words.
  var columns: [Column]?
  var shards: [ShardFiles]
  /// The seal: digest and statistics of each file.
  var files: [String: Seal]?

  /// The kind of the values, once the manifest has been checked.
  var kind: ValueKind { values.kind == "reals" ? .reals : .categories(count: values.count ?? 0) }

  init(name: String, features: Int, values kind: ValueKind, classes: [String], shards: [ShardFiles]) {
    self.name = name
    self.features = features
    switch kind {
    case .reals: values = Values(kind: "reals", count: nil)
    case .categories(let count): values = Values(kind: "categories", count: count)
    }
    self.classes = classes
    self.shards = shards
  }

  /// Reads and checks `dataset.json` of a folder; returns it with its very bytes.
  static func read(in folder: String) throws -> (manifest: DatasetManifest, bytes: [UInt8]) {
    let path = folder + "/" + fileName
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw DataError.file(
        .missing(
          path: folder,
          advice:
            "a data set is a folder that holds \(fileName); lockstep data generate or lockstep data import makes one"))
    }
    guard isFolder.boolValue else {
      throw DataError.file(
        .missing(path: path, advice: "\(folder) is a file; a data set is a folder that holds \(fileName)"))
    }
    guard FileManager.default.fileExists(atPath: path) else {
      if WritingMarker.isLeft(in: folder) {
        throw DataError.damaged(
          folder, "its import or generation was interrupted, or is still at work; run the same command again")
      }
      throw DataError.file(
        .missing(path: path, advice: "\(folder) is no data set; see lockstep help data"))
    }
    let file = try DataError.wrap { try MappedFile(at: path) }
    guard file.count <= longest else { throw DataError.damaged(path, "larger than \(longest) bytes") }
    let bytes = withExtendedLifetime(file) { [UInt8](file.bytes) }
    let manifest: DatasetManifest
    do {
      manifest = try JSONDecoder().decode(DatasetManifest.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw DataError.damaged(path, sentence(for: error))
    } catch {
      throw DataError.damaged(path, "is not JSON: \(error.localizedDescription)")
    }
    try refuseUnknownKeys(bytes, path: path)
    try manifest.check(path)
    return (manifest, bytes)
  }

  private func check(_ path: String) throws {
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition { throw DataError.damaged(path, reason()) }
    }
    try require(format == "lockstep-dataset", "format is \"\(format)\"; expected \"lockstep-dataset\"")
    try require(version == 1, "version is \(version); this program reads version 1")
    try require(
      (1...DatasetManifest.mostFeatures).contains(features),
      "features is \(features); expected 1...\(DatasetManifest.mostFeatures)")
    switch values.kind {
    case "reals": try require(values.count == nil, "values of kind reals have no count")
    case "categories":
      try require(values.count != nil, "values of kind categories need a count")
      try require(
        (1...DatasetManifest.mostCategories).contains(values.count ?? 0),
        "the count of categories is \(values.count ?? 0); expected 1...\(DatasetManifest.mostCategories)")
    default: throw DataError.damaged(path, "values.kind is \"\(values.kind)\"; expected categories or reals")
    }
    try require(!shards.isEmpty, "shards is empty")
    let classes = classes ?? []
    try require(
      classes.count <= DatasetManifest.mostClasses,
      "there are \(classes.count) classes; the most are \(DatasetManifest.mostClasses)")
    try require(Set(classes).count == classes.count, "two classes have the same name")
    if let columns {
      let width = columns.reduce(0) { $0 + $1.width }
      try require(width == features, "columns make \(width) features; features is \(features)")
    }
    var seen = Set<String>()
    for file in shards.flatMap(\.all) {
      let parts = file.split(separator: "/", omittingEmptySubsequences: false)
      try require(
        !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } && !file.utf8.contains(0),
        "the file name \"\(file)\" leaves the folder; name files relative to it")
      try require(seen.insert(file).inserted, "the file \(file) is named twice")
    }
  }

  private static func sentence(for error: DecodingError) -> String {
    func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
      let keys = context.codingPath + [last].compactMap(\.self)
      return keys.isEmpty
        ? "the top" : keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context, key)) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context)): \(context.debugDescription)"
    case .dataCorrupted(let context):
      let detail = (context.underlyingError as? NSError)?.userInfo[NSDebugDescriptionErrorKey] as? String
      return "is not JSON: \(detail ?? context.debugDescription)"
    @unknown default: return "cannot be decoded"
    }
  }
}
