import ArrayFiles

/// The files of a source: the file itself, or those in a folder whose names end in one of the extensions.
struct SourceFiles {
  /// How many folders deep files are sought.
  private static let deepest = 32

  let root: String
  /// Paths, in natural order.
  let paths: [String]

  /// Lists the files. Throws ``DataError`` (66) where there is nothing at `root` or nothing of the kind in it.
  init(at root: String, extensions: [String]) throws {
    self.root = root
    guard AtomicFile.exists(root) else {
      throw DataError.file(.missing(path: root, advice: "check the path of the source"))
    }
    guard AtomicFile.isFolder(root) else {
      paths = [root]
      return
    }
    var found: [String] = []
    try DataError.wrap { try SourceFiles.collect(root, extensions, depth: 0, into: &found) }
    guard !found.isEmpty else {
      let kinds = extensions.joined(separator: " or ")
      throw DataError.file(.missing(path: root, advice: "there is no file in it whose name ends in \(kinds)"))
    }
    paths = found.sorted(by: NaturalOrder.precedes)
  }

  /// The path of a file within the root, or its name where it is the root.
  func name(of path: String) -> String {
    path == root ? SequenceDataset.lastComponent(path) : String(path.dropFirst(root.count).drop { $0 == "/" })
  }

  private static func collect(
    _ folder: String, _ extensions: [String], depth: Int, into found: inout [String]
  ) throws {
    guard depth < deepest else { return }
    for name in try AtomicFile.names(inFolder: folder) where !name.hasPrefix(".") {
      let path = folder + "/" + name
      if AtomicFile.isFolder(path) {
        // A link to a folder may lead round in a circle.
        guard AtomicFile.targetOfSymbolicLink(at: path) == nil else { continue }
        try collect(path, extensions, depth: depth + 1, into: &found)
      } else if extensions.contains(where: name.lowercased().hasSuffix) {
        found.append(path)
      }
    }
  }
}

/// The sequences of several files, one file after the other.
final class FileSequenceSource: SequenceSource {
  private let files: SourceFiles
  private let naming: FileNaming.Rules
  private let open: (String) throws -> any SequenceSource
  private var index = 0
  private var current: (any SequenceSource)?
  private var bytesBefore = 0
  /// Whether the current file's classes have been taken over: known after its first sequence, they stay the same.
  private var isDeclarationKnown = false
  private(set) var declaredClasses: [String]?

  /// Opens each file when its turn comes; `naming` completes what a file does not say itself.
  init(_ files: SourceFiles, naming: FileNaming.Rules, open: @escaping (String) throws -> any SequenceSource) {
    self.files = files
    self.naming = naming
    self.open = open
  }

  var bytesRead: Int { bytesBefore + (current?.bytesRead ?? 0) }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    while index < files.paths.count {
      let path = files.paths[index]
      let source = try current ?? open(path)
      current = source
      sequence.reset()
      sequence.path = path
      if try source.next(&sequence) {
        if sequence.name == nil, source.isOneSequence { sequence.name = files.name(of: path) }
        if !isDeclarationKnown {
          isDeclarationKnown = true
          if let declared = source.declaredClasses {
            let known = Set(declaredClasses ?? [])
            declaredClasses = (declaredClasses ?? []) + declared.filter { !known.contains($0) }
          }
        }
        try naming.complete(&sequence, root: files.root)
        return true
      }
      bytesBefore += source.bytesRead
      current = nil
      isDeclarationKnown = false
      index += 1
    }
    return false
  }
}
