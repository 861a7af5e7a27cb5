import Foundation

extension DatasetManifest {
  /// The key whose content is the author's own: licence, source, what was done. It is kept, and never read.
  static let ownKey = "about"

  private static let topKeys = [
    "format", "version", "name", "features", "values", "classes", "shards", "files", ownKey,
  ]
  private static let shardKeys = ["values", "offsets", "labels", "splits", "groups", "names"]
  private static let valuesKeys = ["kind", "count"]

  /// Refuses keys that nobody would read: a misspelt `label` would otherwise train without labels.
  /// - Parameter bytes: JSON that has been decoded before.
  static func refuseUnknownKeys(_ bytes: [UInt8], path: String) throws {
    guard let top = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return }
    try refuse(top, except: topKeys, at: "", path)
    try refuse(top["values"] as? [String: Any] ?? [:], except: valuesKeys, at: "values.", path)
    for (index, shard) in (top["shards"] as? [[String: Any]] ?? []).enumerated() {
      try refuse(shard, except: shardKeys, at: "shards.[\(index)].", path)
    }
  }

  private static func refuse(
    _ object: [String: Any], except known: [String], at place: String, _ path: String
  ) throws {
    guard let key = object.keys.filter({ !known.contains($0) }).min() else { return }
    let nearest = Spelling.nearest(to: key, among: known)
    throw DataError.damaged(
      path,
      "\(place)\(key): unknown key; \(nearest.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))")"
        + (place.isEmpty && nearest == nil ? " (what is your own goes under \(ownKey))" : ""))
  }
}
