import Foundation

extension DatasetManifest {
  /// The key whose content is the author's own: licence, source, what was done. It is kept, and never read.
  static let ownKey = "about"

  private static let topKeys = [
    "format", "version", "name", "features", "values", "classes", "columns", "shards", "files", ownKey,
  ]
  private static let shardKeys = ["values", "offsets", "labels", "splits", "groups", "names"]
  private static let columnKeys = ["name", "levels"]
  private static let valuesKeys = ["kind", "count"]

  /// Refuses keys that nobody would read: a misspelt `label` would otherwise train without labels.
  /// - Parameter bytes: JSON that has been decoded before.
  static func refuseUnknownKeys(_ bytes: [UInt8], path: String) throws {
    guard let keys = try? JSONDecoder().decode(ManifestKeys.self, from: Data(bytes)) else { return }
    try refuse(keys.top, except: topKeys, at: "", path)
    try refuse(keys.values, except: valuesKeys, at: "values.", path)
    for (index, shard) in keys.shards.enumerated() {
      try refuse(shard.keys, except: shardKeys, at: "shards.[\(index)].", path)
    }
    for (index, column) in keys.columns.enumerated() {
      try refuse(column.keys, except: columnKeys, at: "columns.[\(index)].", path)
    }
  }

  private static func refuse(
    _ keys: [String], except known: [String], at place: String, _ path: String
  ) throws {
    guard let key = keys.filter({ !known.contains($0) }).min() else { return }
    let nearest = Spelling.nearest(to: key, among: known)
    throw DataError.damaged(
      path,
      "\(place)\(key): unknown key; \(nearest.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))")"
        + (place.isEmpty && nearest == nil ? " (what is your own goes under \(ownKey))" : ""))
  }
}

/// The keys of a dataset.json and of its parts, without what stands under them: a tree of values would take many times
/// the file's memory.
private struct ManifestKeys: Decodable {
  let top, values: [String]
  let shards, columns: [ObjectKeys]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    top = container.allKeys.map(\.stringValue)
    values = (try? container.decode(ObjectKeys.self, forKey: AnyKey(stringValue: "values")))?.keys ?? []
    shards = try container.decode([ObjectKeys].self, forKey: AnyKey(stringValue: "shards"))
    columns = try container.decodeIfPresent([ObjectKeys].self, forKey: AnyKey(stringValue: "columns")) ?? []
  }

  struct ObjectKeys: Decodable {
    let keys: [String]

    init(from decoder: any Decoder) throws {
      keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    }
  }

  struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
