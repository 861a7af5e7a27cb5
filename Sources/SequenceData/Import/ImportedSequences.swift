import ArrayFiles

/// The sequences of a source and of a second one for testing, from start to end, as an import takes them: cut into
/// windows, without those of other classes. Made anew to read them again.
final class ImportedSequences {
  private let options: ImportOptions
  private let sources: [any SequenceSource]
  private var index = 0
  private var whole = SourceSequence()
  /// The window of `whole` that comes next, by its first timestep; nil: a new sequence does.
  private var place: Int?
  private var wholes = 0
  /// Sequences left out so far.
  private(set) var tooShort = 0, otherClasses = 0

  /// Opens both sources. Throws ``DataError`` for options that cannot be, and for what is not there.
  /// - Parameter levels: of symbolic columns, where there are any.
  init(_ source: String, _ options: ImportOptions, levels: SymbolicLevels? = nil) throws {
    let possible = 1...1 << 30
    if let windows = options.windows, !possible.contains(windows.length) || !possible.contains(windows.step) {
      throw DataError.usage(
        "windows of \(windows.length) timesteps every \(windows.step): both must be at least 1, at most \(possible.upperBound)"
      )
    }
    self.options = options
    let rules = try FileNaming.Rules(options.naming)
    var sources = [try Self.open(source, options, rules, labels: options.idx.labels, levels)]
    if let test = options.testSource {
      sources.append(try Self.open(test, options, rules, labels: options.idx.testLabels, levels))
    }
    self.sources = sources
  }

  private static func open(
    _ path: String, _ options: ImportOptions, _ rules: FileNaming.Rules, labels: String?, _ levels: SymbolicLevels?
  ) throws -> any SequenceSource {
    let (format, csv, idx) = (options.format, options.csv, options.idx)
    let isRaw = idx.isRaw || options.categories != nil
    let files = try SourceFiles(at: path, extensions: format.extensions)
    if let labels, files.paths != [path] {
      throw DataError.usage("\(labels): labels belong to one file; \(path) is a folder")
    }
    return FileSequenceSource(files, naming: rules) { file in
      switch format {
      case .ts: try TSSource(at: file)
      case .npz: try NPZSource(at: file)
      case .csv: try CSVSource(at: file, options: csv, levels: levels)
      case .jsonl: try JSONLinesSource(at: file)
      case .wav: try WAVSource(at: file)
      case .fastq: try FASTQSource(at: file)
      case .idx: try IDXSource(at: file, timestep: idx.timestep, isRaw: isRaw, labels: labels)
      case .recordings: try RecordingsSource(at: file)
      case .text: try TextSource(at: file, wholeFile: options.wholeFiles)
      }
    }
  }

  /// Bytes read so far.
  var bytesRead: Int { sources.reduce(0) { $0 + $1.bytesRead } }

  /// The classes that the sources declare, in their order.
  var declaredClasses: [String] {
    var declared: [String] = []
    for source in sources {
      let known = Set(declared)
      declared += (source.declaredClasses ?? []).filter { !known.contains($0) }
    }
    return declared.filter { options.onlyClasses?.contains($0) ?? true }
  }

  /// Replaces `sequence` by the next one; false at the end.
  func next(_ sequence: inout SourceSequence) throws -> Bool {
    guard let windows = options.windows else { return try nextWhole(&sequence) }
    while true {
      if let start = place {
        let width = whole.features
        if (start + windows.length) * width <= whole.values.count {
          let values = whole.values[start * width..<(start + windows.length) * width]
          place = start + windows.step
          sequence = whole
          sequence.values = Array(values)
          sequence.name = whole.name.map { "\($0)@\(start)" }
          sequence.group = whole.group ?? "sequence \(wholes)"
          return true
        }
      }
      guard try nextWhole(&whole) else { return false }
      wholes += 1
      guard whole.features > 0, whole.values.count.isMultiple(of: whole.features) else {
        throw whole.error("\(whole.values.count) values are no whole timesteps of \(whole.features) features")
      }
      place = 0
      if whole.values.count < windows.length * whole.features { tooShort += 1 }
    }
  }

  private func nextWhole(_ sequence: inout SourceSequence) throws -> Bool {
    while index < sources.count {
      if try sources[index].next(&sequence) {
        if let only = options.onlyClasses, !(sequence.label.map(only.contains) ?? false) {
          otherClasses += 1
          continue
        }
        if index > 0 { sequence.split = .test }
        return true
      }
      index += 1
    }
    return false
  }
}
