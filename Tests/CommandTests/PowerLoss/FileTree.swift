import Foundation

/// What lies at a path, as a value: of files the bytes, of symbolic links the words, of folders all that is in them.
indirect enum FileTree: Hashable {
  case file([UInt8])
  case link(String)
  case folder([String: FileTree])

  /// Reads what lies at a path.
  init(at path: String) throws {
    let files = FileManager.default
    if let target = try? files.destinationOfSymbolicLink(atPath: path) {
      self = .link(target)
      return
    }
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      self = .file([UInt8](try bytes(path)))
      return
    }
    var content: [String: FileTree] = [:]
    for name in try names(path) { content[name] = try FileTree(at: path + "/" + name) }
    self = .folder(content)
  }

  /// Makes all of it at a path at which nothing is.
  func write(to path: String) throws {
    switch self {
    case .file(let content): try Data(content).write(to: URL(fileURLWithPath: path))
    case .link(let target):
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    case .folder(let content):
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      for (name, tree) in content { try tree.write(to: path + "/" + name) }
    }
  }

  /// What lies at a path below this folder; nil where nothing does.
  subscript(path: String) -> FileTree? {
    path.split(separator: "/").reduce(Optional(self)) { tree, name in
      guard case .folder(let content) = tree else { return nil }
      return content[String(name)]
    }
  }

  /// The first path, by name, at which two trees differ, and how; nil where they are equal.
  func difference(from other: FileTree, at path: String = "") -> String? {
    switch (self, other) {
    case (.folder(let own), .folder(let others)):
      for name in Set(own.keys).union(others.keys).sorted() {
        let place = path + "/" + name
        guard let a = own[name] else { return "\(place) is not there" }
        guard let b = others[name] else { return "\(place) should not be there" }
        if let difference = a.difference(from: b, at: place) { return difference }
      }
      return nil
    case (.file(let a), .file(let b)) where a != b:
      return "\(path): \(a.count) bytes, which are not the \(b.count) expected"
    default: return self == other ? nil : "\(path) is something else"
    }
  }
}
