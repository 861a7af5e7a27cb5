import ArrayFiles

/// What the names and places of files say of the sequences in them.
public struct FileNaming: Sendable {
  /// The class is the name of the folder that holds the file.
  public var classFromFolder = false
  /// A pattern of the file's name without extension, such as `{class}_{group}_{index}`: fields in braces and the text
  /// between them. `{class}`, `{group}` and `{split}` say what they are; any other field may be used in conditions.
  public var pattern: String?
  /// Conditions on the pattern's fields, such as `index<5` or `index<5,group=theo`, all of which a test sequence meets:
  /// `<` `<=` `>` `>=` between integers, `=` and `!=` between any texts.
  public var testWhere: String?
  /// The same for validation sequences.
  public var validationWhere: String?
  /// A CSV file with a header `file,class` and, if wanted, `group` and `split`; files by their path within the source.
  public var table: String?

  /// Names that say nothing.
  public init() {}

  /// The rules, once patterns, conditions and table have been read.
  struct Rules {
    private let classFromFolder: Bool
    private let pattern: NamePattern?
    private let conditions: [(split: Split, all: [NameCondition])]
    private let table: NameTable?

    init(_ naming: FileNaming) throws {
      classFromFolder = naming.classFromFolder
      pattern = try naming.pattern.map(NamePattern.init(parsing:))
      var conditions: [(Split, [NameCondition])] = []
      for (split, text) in [(Split.test, naming.testWhere), (.validation, naming.validationWhere)] {
        guard let text else { continue }
        guard let fields = pattern?.fields else {
          throw DataError.usage("the condition \"\(text)\" needs a pattern of file names that has its field")
        }
        conditions.append((split, try NameCondition.list(parsing: text, fields: fields)))
      }
      self.conditions = conditions
      table = try naming.table.map(NameTable.init(at:))
    }

    /// Fills in what the sequence does not say itself.
    func complete(_ sequence: inout SourceSequence, root: String) throws {
      if let pattern {
        let name = NamePattern.baseName(sequence.path)
        guard let fields = pattern.match(name) else {
          throw DataError.damaged(sequence.path, "the name \(name) does not fit the pattern \(pattern.text)")
        }
        sequence.label = sequence.label ?? fields["class"]
        sequence.group = sequence.group ?? fields["group"]
        if let split = fields["split"], sequence.split == nil {
          sequence.split = try splitNamed(split, sequence)
        }
        for (split, all) in conditions where sequence.split == nil {
          if try all.allSatisfy({ try $0.holds(fields, path: sequence.path) }) { sequence.split = split }
        }
      }
      if let table {
        guard let row = table.row(for: sequence.path, root: root) else {
          throw DataError.damaged(table.path, "has no row for the file \(sequence.path)")
        }
        sequence.label = sequence.label ?? row.label
        sequence.group = sequence.group ?? row.group
        if let split = row.split, sequence.split == nil { sequence.split = try splitNamed(split, sequence) }
      }
      if classFromFolder, sequence.label == nil {
        let parts = sequence.path.dropFirst(root.count).split(separator: "/")
        guard parts.count > 1 else {
          throw sequence.error(
            "lies in no folder within \(root), so that none names its class (--class-from-folder): put the files of each "
              + "class into a folder of its own, or tell classes with --file-name or --table")
        }
        sequence.label = String(parts[parts.count - 2])
      }
    }

    private func splitNamed(_ name: String, _ sequence: SourceSequence) throws -> Split {
      guard let split = Split(name: name) else {
        throw sequence.error("the split is \"\(name)\"; expected train, validation or test")
      }
      return split
    }
  }
}
