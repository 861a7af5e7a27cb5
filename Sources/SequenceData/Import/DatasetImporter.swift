import ArrayFiles

/// Makes a data set of a file or folder of another format, sequence by sequence.
public struct DatasetImporter {
  private let options: ImportOptions
  private let progress: (ImportProgress) -> Void
  private var annotations = ImportedAnnotations()
  private var greatest: Float = 0
  /// The sample rate of the first recording, and its file.
  private var rate: (rate: Int, path: String)?
  private var writer: DatasetWriter?
  private var sequence = SourceSequence()

  /// Imports `source` into the folder `output`, which must be empty or not there yet.
  ///
  /// Classes are numbered as the format declares them, else in the natural order of their names. Memory: one sequence,
  /// and a few bytes for each; never the values of more than one shard. Symbolic columns are read twice. `progress` hears
  /// of each sequence. Throws ``DataError`` with file and line of the first defect; then nothing is left behind.
  public static func run(
    source: String, output: String, options: ImportOptions, progress: (ImportProgress) -> Void = { _ in }
  ) throws -> ImportSummary {
    try withoutActuallyEscaping(progress) { progress in
      var importer = DatasetImporter(options: options, progress: progress)
      return try importer.run(source: source, output: output)
    }
  }

  private init(options: ImportOptions, progress: @escaping (ImportProgress) -> Void) {
    self.options = options
    self.progress = progress
  }

  private mutating func run(source: String, output: String) throws -> ImportSummary {
    if options.quantiser != nil, options.categories != nil {
      throw DataError.usage("quantise makes categories; a number of categories cannot be asked for as well")
    }
    if let count = options.categories, !(1...DatasetManifest.mostCategories).contains(count) {
      throw DataError.usage("\(count) categories cannot be; ask for 1...\(DatasetManifest.mostCategories)")
    }
    if let scale = options.scale, !scale.isFinite || scale == 0 {
      throw DataError.usage("scale: the values cannot be multiplied by \(scale)")
    }
    if options.isZNormalised {
      if kind != .reals { throw DataError.usage("z-normalise is for reals; categories have no mean and no deviation") }
      if options.format == .csv && (options.csv.row == .vector || !options.csv.symbolicColumns.isEmpty) {
        throw DataError.usage(
          "z-normalise is for sequences in time; rows that are vectors have none, and symbolic columns are no quantities"
        )
      }
    }
    try DatasetWriter.refuseFolderInUse(output)
    let levels = try symbolicLevels(source)
    do {
      let sequences = try ImportedSequences(source, options, levels: levels)
      try copy(sequences, to: output)
      guard let writer else { throw nothing(of: source, sequences) }
      return try finish(writer, sequences, levels)
    } catch {
      writer?.abandon()
      throw error
    }
  }

  /// The levels of symbolic columns: those of another data set, or of the training split, for which all is read once
  /// before; nil where there are no such columns.
  private func symbolicLevels(_ source: String) throws -> SymbolicLevels? {
    let csv = options.csv
    guard !csv.symbolicColumns.isEmpty else {
      if let other = csv.levelsOf { throw DataError.usage("levels of \(other): no column is called symbolic") }
      return nil
    }
    if csv.row == .sequence {
      throw DataError.usage(
        "symbolic columns become features, which rows that are sequences do not have; make a row a timestep or a vector"
      )
    }
    if options.quantiser != nil || options.categories != nil {
      throw DataError.usage("symbolic columns become reals, 0 and 1; they cannot be quantised or taken as categories")
    }
    if let other = csv.levelsOf { return try SymbolicLevels(of: other) }
    let collected = SymbolicLevels(collecting: csv.symbolicColumns.count)
    let sequences = try ImportedSequences(source, options, levels: collected)
    var (annotations, sequence) = (ImportedAnnotations(), SourceSequence())
    var (met, ends): ([Int32], [Int]) = ([], [])
    while try sequences.next(&sequence) {
      try annotations.add(sequence)
      met += collected.takeMet()
      ends.append(met.count)
    }
    let splits = try annotations.finished(declared: sequences.declaredClasses, options).splits
    var trained: Set<Int32> = []
    for (index, end) in ends.enumerated() where splits[index] == .train {
      trained.formUnion(met[(index == 0 ? 0 : ends[index - 1])..<end])
    }
    return SymbolicLevels(collected.levels(among: trained))
  }

  /// What the values will be.
  private var kind: ValueKind {
    if let quantiser = options.quantiser { return .categories(count: quantiser.levels) }
    if let count = options.categories { return .categories(count: count) }
    return options.format.categories.map { .categories(count: $0) } ?? .reals
  }

  /// Features made of each of the source's.
  private var outputsPerFeature: Int { options.isZNormalised ? ZNormalisation.outputsPerFeature : 1 }

  private mutating func copy(_ sequences: ImportedSequences, to output: String) throws {
    let kind = kind
    while try sequences.next(&sequence) {
      let writer = try writer ?? begin(output, kind)
      if let scale = options.scale {
        for index in sequence.values.indices { sequence.values[index] = Float(Double(sequence.values[index]) * scale) }
      }
      try check(writer.features / outputsPerFeature, kind)
      if options.isZNormalised { ZNormalisation.apply(to: &sequence) }
      if let quantiser = options.quantiser { quantiser.apply(to: &sequence.values) }
      greatest = max(greatest, sequence.values.max() ?? 0)
      try annotations.add(sequence)
      let group = annotations.groups[annotations.groups.count - 1]
      try writer.append(sequence.values, group: group < 0 ? nil : Int(group), name: sequence.name)
      progress(ImportProgress(sequences: writer.count, bytes: sequences.bytesRead))
    }
  }

  /// Why nothing was taken.
  private func nothing(of source: String, _ sequences: ImportedSequences) -> DataError {
    let (short, others) = (sequences.tooShort, sequences.otherClasses)
    if short == 0 && others == 0 { return .damaged(source, "there is no sequence in it") }
    let reasons = [
      short == 0
        ? nil : "\(Counted.text(short, "sequence")) shorter than a window of \(options.windows?.length ?? 0) timesteps",
      others == 0 ? nil : "\(Counted.text(others, "sequence")) of none of the classes that are asked for",
    ]
    return .usage("\(source): nothing is left of it: \(reasons.compactMap(\.self).joined(separator: ", "))")
  }

  private mutating func begin(_ output: String, _ kind: ValueKind) throws -> DatasetWriter {
    guard (1...DatasetManifest.mostFeatures / outputsPerFeature).contains(sequence.features) else {
      throw sequence.error(
        "\(sequence.features) features; expected 1...\(DatasetManifest.mostFeatures / outputsPerFeature)")
    }
    let writer = try DatasetWriter(
      at: output, name: options.name, features: sequence.features * outputsPerFeature, values: kind,
      shardBytes: options.shardBytes)
    self.writer = writer
    return writer
  }

  /// Checks a sequence while it is still known where it comes from.
  private mutating func check(_ features: Int, _ kind: ValueKind) throws {
    guard sequence.features == features else {
      throw sequence.error("\(sequence.features) features; those before have \(features)")
    }
    guard !sequence.values.isEmpty else { throw sequence.error("the sequence is empty") }
    let checker = ValueChecker(kind: options.quantiser == nil ? kind : .reals)
    if let bad = sequence.values.withUnsafeBufferPointer({ checker.firstBad(in: $0) }) {
      throw sequence.error(
        "timestep \(bad / features), feature \(bad % features): the value is "
          + "\(ValueChecker.text(sequence.values[bad])); expected \(checker.expectation)")
    }
    if let quantiser = options.quantiser, let problem = quantiser.problem(with: sequence.values) {
      throw sequence.error(
        "timestep \(problem.index / features), feature \(problem.index % features): \(problem.reason)")
    }
    if let name = sequence.name, name.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
      throw sequence.error("the name \(NumberParser.quote(name.utf8)) holds a line's end")
    }
    guard let found = sequence.sampleRate, !options.mixedSampleRates else { return }
    let first = rate ?? (found, sequence.path)
    rate = first
    guard found == first.rate else {
      throw sequence.error(
        "\(found) samples a second, but \(first.path) has \(first.rate): resample one of them, or give "
          + "--mixed-sample-rates if a timestep may mean different times")
    }
  }

  private func finish(
    _ writer: DatasetWriter, _ sequences: ImportedSequences, _ levels: SymbolicLevels?
  ) throws -> ImportSummary {
    let classes: [String]
    (classes, writer.labels, writer.splits) = try annotations.finished(
      declared: sequences.declaredClasses, options)
    var values = writer.values
    if options.format == .fastq, options.categories == nil, options.quantiser == nil {
      values = .categories(count: Int(greatest) + 1)
    }
    try writer.finish(classes: classes, values: values, columns: levels?.columns)
    return ImportSummary(
      sequences: writer.count, timesteps: writer.timesteps, classes: classes,
      splits: Split.allCases.map { split in writer.splits.count { $0 == split } }, values: values,
      tooShort: sequences.tooShort, otherClasses: sequences.otherClasses, unknownWords: levels?.unknown ?? 0)
  }
}
