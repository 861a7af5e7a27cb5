/// A disk whose writes stay in memory until they are synced: it goes through a journal of calls, and can be stopped
/// anywhere to see what a loss of power would leave.
///
/// The model promises what POSIX does, no more, and so less than most file systems:
/// - A file's content is durable as it was at the file's last fsync. Of later writes and truncations any part, cut at
///   blocks of 512 or 4096 bytes, may have reached the disk, in any order; the length may be there before the bytes,
///   which are zeros then.
/// - A name (made, renamed, linked, removed) is durable once its folder has been synced. Of later changes of a folder
///   any may have reached the disk, in order or not; one rename is whole or not at all, and so is one exchange. Syncing
///   a file does not make its name durable, nor syncing a folder that of the folder itself.
/// - Two files or folders are independent: a name may be there without the content, and the content of a folder that
///   was emptied may be gone while it still has its old name.
/// - What was synced stays.
///
/// It is the model under which Pillai, Chidambaram, Alagappan, Al-Kiswany, Arpaci-Dusseau and Arpaci-Dusseau looked for
/// crash vulnerabilities: All File Systems Are Not Created Equal: On the Complexity of Crafting Crash-Consistent
/// Applications, OSDI 2014 (ALICE). Left out: a sync that fails, a disk that says synced and lies, bits that flip.
struct VolatileDisk {
  typealias Node = Int

  enum Change {
    case write([UInt8], at: Int)
    case length(Int)
  }

  struct File {
    var durable: [UInt8]
    /// Since the last sync.
    var changes: [Change] = []

    /// The durable content with the first `count` changes.
    func content(after count: Int) -> [UInt8] {
      var content = durable
      for change in changes.prefix(count) {
        switch change {
        case .length(let length):
          content = content.prefix(length) + [UInt8](repeating: 0, count: max(0, length - content.count))
        case .write(let bytes, let offset):
          let end = offset + bytes.count
          if content.count < end { content += [UInt8](repeating: 0, count: end - content.count) }
          content.replaceSubrange(offset..<end, with: bytes)
        }
      }
      return content
    }
  }

  struct Folder {
    /// Names that are set (to a node) or removed (nil) by one call.
    typealias Change = [String: Node?]
    var durable: [String: Node] = [:]
    /// Since the last sync.
    var changes: [Change] = []

    /// The durable names with some of the changes, in order.
    func names(after chosen: some Sequence<Change>) -> [String: Node] {
      var names = durable
      for change in chosen { for (name, node) in change { names[name] = node } }
      return names
    }

    var current: [String: Node] { names(after: changes) }
  }

  enum Content {
    case file(File)
    case folder(Folder)
    case link(String)
  }

  /// Everything there ever was; node 0 is the folder itself, which is durable.
  private(set) var nodes: [Content] = []
  private var opened: [Int: Node] = [:]
  private let honours: (FileRecord, _ isFolder: Bool) -> Bool

  /// A disk that holds a folder with durable content.
  /// - Parameter honours: whether a sync does its work; for trying what would become of a program without it.
  init(holding tree: FileTree, honours: @escaping (FileRecord, _ isFolder: Bool) -> Bool = { _, _ in true }) {
    self.honours = honours
    _ = add(tree)
  }

  private mutating func add(_ tree: FileTree) -> Node {
    let node = nodes.count
    switch tree {
    case .file(let bytes): nodes.append(.file(File(durable: bytes)))
    case .link(let target): nodes.append(.link(target))
    case .folder(let content):
      nodes.append(.folder(Folder()))
      var folder = Folder()
      for (name, tree) in content { folder.durable[name] = add(tree) }
      nodes[node] = .folder(folder)
    }
    return node
  }

  private mutating func add(_ content: Content) -> Node {
    nodes.append(content)
    return nodes.count - 1
  }

  /// The folder that holds what a path names, the last name, and what it names at present.
  private func find(_ path: String) throws -> (folder: Node, name: String, node: Node?) {
    var (folder, name, node): (Node, String, Node?) = (0, "", 0)
    for part in path.split(separator: "/") {
      guard let next = node, case .folder(let content) = nodes[next] else {
        throw JournalError(what: "\(path): \(name) is no folder")
      }
      (folder, name, node) = (next, String(part), content.current[String(part)])
    }
    return (folder, name, node)
  }

  private func existing(_ path: String) throws -> (folder: Node, name: String, node: Node) {
    let place = try find(path)
    guard let node = place.node else { throw JournalError(what: "\(path) is not there") }
    return (place.folder, place.name, node)
  }

  private mutating func change(_ folder: Node, _ names: Folder.Change) {
    guard case .folder(var content) = nodes[folder] else { preconditionFailure("node \(folder) is no folder") }
    content.changes.append(names)
    nodes[folder] = .folder(content)
  }

  private mutating func change(_ node: Node, _ change: Change, _ record: FileRecord) throws {
    guard case .file(var content) = nodes[node] else { throw JournalError(what: "\(record.path) is no file") }
    content.changes.append(change)
    nodes[node] = .file(content)
  }

  /// Does what a call did.
  mutating func apply(_ record: FileRecord) throws {
    switch record.operation {
    case .open: opened[record.descriptor] = try existing(record.path).node
    case .replace:
      let node = try existing(record.path).node
      opened[record.descriptor] = node
      try change(node, .length(0), record)
    case .create, .mkdir, .symlink:
      let path = record.operation == .symlink ? record.other : record.path
      let place = try find(path)
      let content: Content =
        switch record.operation {
        case .create: .file(File(durable: []))
        case .mkdir: .folder(Folder())
        default: .link(record.path)
        }
      // The folder itself.
      guard !place.name.isEmpty else { return }
      let node = add(content)
      change(place.folder, [place.name: node])
      if record.operation == .create { opened[record.descriptor] = node }
    case .write, .truncate, .sync:
      guard let node = try record.descriptor < 0 ? existing(record.path).node : opened[record.descriptor] else {
        throw JournalError(what: "descriptor \(record.descriptor) is not open")
      }
      switch record.operation {
      case .write: try change(node, .write(record.bytes, at: record.offset), record)
      case .truncate: try change(node, .length(record.offset), record)
      default: sync(node, record)
      }
    case .close: opened[record.descriptor] = nil
    case .unlink, .rmdir:
      let place = try existing(record.path)
      change(place.folder, [place.name: nil])
    case .rename, .exchange, .link:
      let (from, to) = (try existing(record.path), try find(record.other))
      guard from.folder == to.folder else {
        throw JournalError(what: "\(record.path) gets a name in another folder, \(record.other)")
      }
      let left: Node? =
        switch record.operation {
        case .rename: nil
        case .exchange: to.node
        default: from.node
        }
      change(to.folder, [from.name: left, to.name: from.node])
    }
  }

  private mutating func sync(_ node: Node, _ record: FileRecord) {
    switch nodes[node] {
    case .file(let file) where honours(record, false):
      nodes[node] = .file(File(durable: file.content(after: file.changes.count)))
    case .folder(let folder) where honours(record, true): nodes[node] = .folder(Folder(durable: folder.current))
    default: break
    }
  }
}
