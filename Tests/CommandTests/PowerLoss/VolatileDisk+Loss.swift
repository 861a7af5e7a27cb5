import TestSupport

extension VolatileDisk {
  /// What became of all that was not synced.
  enum Loss: String, CaseIterable {
    /// All is there, as after kill -9.
    case nothing
    /// None of it is there.
    case everything
    /// All names are there, no content.
    case content
    /// All names are there, and the lengths, but zeros for content.
    case contentToZeros
    /// All content is there, no names.
    case names
    /// Of each folder only the last change is there, and all content.
    case earlierNames
    /// The disk stopped within the writes: what comes before a multiple of 512 or 4096 bytes is there.
    case tail
    /// Any block of 512 or 4096 bytes and any change of a name may be there or not.
    case anything
  }

  /// What is found on the disk after the power is lost now.
  func tree(after loss: Loss, _ numbers: inout Numbers) -> FileTree {
    // By node, so that a file of two names is found to be the same under both.
    var contents: [[UInt8]] = []
    var names: [[String: Node]] = []
    for node in nodes {
      if case .file(let file) = node {
        contents.append(content(of: file, after: loss, &numbers))
      } else {
        contents.append([])
      }
      if case .folder(let folder) = node {
        names.append(self.names(in: folder, after: loss, &numbers))
      } else {
        names.append([:])
      }
    }
    func tree(_ node: Node) -> FileTree {
      switch nodes[node] {
      case .file: .file(contents[node])
      case .link(let target): .link(target)
      case .folder: .folder(names[node].mapValues(tree))
      }
    }
    return tree(0)
  }

  private func names(in folder: Folder, after loss: Loss, _ numbers: inout Numbers) -> [String: Node] {
    let changes = folder.changes
    switch loss {
    case .nothing, .content, .contentToZeros: return folder.current
    case .everything, .names: return folder.durable
    case .earlierNames: return folder.names(after: changes.suffix(1))
    case .tail: return folder.names(after: changes.prefix(numbers.integer(below: changes.count + 1)))
    case .anything: return folder.names(after: changes.filter { _ in numbers.integer(below: 2) == 1 })
    }
  }

  private func content(of file: File, after loss: Loss, _ numbers: inout Numbers) -> [UInt8] {
    guard !file.changes.isEmpty else { return file.durable }
    let whole = file.content(after: file.changes.count)
    // What was there before, made as long as what was to be.
    let before =
      file.durable.prefix(whole.count) + [UInt8](repeating: 0, count: max(0, whole.count - file.durable.count))
    let block = [512, 4096][numbers.integer(below: 2)]
    let blocks = (whole.count + block - 1) / block
    switch loss {
    case .nothing, .names, .earlierNames: return whole
    case .everything, .content: return file.durable
    case .contentToZeros: return Array(before)
    case .tail:
      let some = file.content(after: numbers.integer(below: file.changes.count + 1))
      let length = min(some.count, block * numbers.integer(below: blocks + 1))
      guard length > file.durable.count else { return file.durable }
      return Array(some.prefix(length)) + (numbers.integer(below: 2) == 1 ? before.dropFirst(length) : [])
    case .anything:
      var content = Array(before)
      for start in stride(from: 0, to: whole.count, by: block) where numbers.integer(below: 2) == 1 {
        let range = start..<min(start + block, whole.count)
        content.replaceSubrange(range, with: whole[range])
      }
      return content
    }
  }
}
