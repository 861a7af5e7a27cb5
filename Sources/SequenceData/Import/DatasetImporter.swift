import ArrayFiles

/// Makes a data set of a file or folder of another format, sequence by sequence.
public struct DatasetImporter {
  private let options: ImportOptions
  private let progress: (ImportProgress) -> Void
  private var names: [String: Int32] = [:]
  private var groupNames: [String: Int32] = [:]
  private var declared: [String] = []
  private var given: [Split?] = []
  private var greatest: Float = 0
  /// The sample rate of the first recording, and its file.
  private var rate: (rate: Int, path: String)?
  private var writer: DatasetWriter?
  private var sequence = SourceSequence()

  /// Imports `source` into the folder `output`, which must be empty or not there yet.
  ///
  /// Classes are numbered as the format declares them, else in the natural order of their names. Memory: one sequence,
  /// and a few bytes for each; never the values of more than one shard. `progress` hears of each sequence. Throws
  /// ``DataError`` with file and line of the first defect; then nothing is left behind.
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
    try DatasetWriter.refuseFolderInUse(output)
    let rules = try FileNaming.Rules(options.naming)
    do {
      let first = try open(source, rules)
      try copy(first, to: output, split: nil, bytesBefore: 0)
      if let test = options.testSource {
        let second = try open(test, rules)
        try copy(second, to: output, split: .test, bytesBefore: first.bytesRead)
      }
      guard let writer else { throw DataError.damaged(source, "there is no sequence in it") }
      return try finish(writer)
    } catch {
      writer?.abandon()
      throw error
    }
  }

  private func open(_ path: String, _ rules: FileNaming.Rules) throws -> any SequenceSource {
    let (format, csv) = (options.format, options.csv)
    return FileSequenceSource(try SourceFiles(at: path, extensions: format.extensions), naming: rules) { file in
      switch format {
      case .ts: try TSSource(at: file)
      case .npz: try NPZSource(at: file)
      case .csv: try CSVSource(at: file, options: csv)
      case .jsonl: try JSONLinesSource(at: file)
      case .wav: try WAVSource(at: file)
      case .fastq: try FASTQSource(at: file)
      }
    }
  }

  /// What the values will be.
  private var kind: ValueKind {
    if let quantiser = options.quantiser { return .categories(count: quantiser.levels) }
    if let count = options.categories { return .categories(count: count) }
    return options.format == .fastq ? .categories(count: FASTQSource.categories) : .reals
  }

  private mutating func copy(
    _ source: any SequenceSource, to output: String, split: Split?, bytesBefore: Int
  ) throws {
    let kind = kind
    while try source.next(&sequence) {
      let writer = try writer ?? begin(output, kind)
      if let scale = options.scale {
        for index in sequence.values.indices { sequence.values[index] = Float(Double(sequence.values[index]) * scale) }
      }
      try check(writer.features, kind)
      if let quantiser = options.quantiser { quantiser.apply(to: &sequence.values) }
      greatest = max(greatest, sequence.values.max() ?? 0)
      try writer.append(
        sequence.values, label: try DatasetImporter.number(of: sequence.label, in: &names, sequence),
        group: try DatasetImporter.number(of: sequence.group, in: &groupNames, sequence), name: sequence.name)
      given.append(split ?? sequence.split)
      progress(ImportProgress(sequences: writer.count, bytes: bytesBefore + source.bytesRead))
    }
    let known = Set(declared)
    declared += (source.declaredClasses ?? []).filter { !known.contains($0) }
  }

  private mutating func begin(_ output: String, _ kind: ValueKind) throws -> DatasetWriter {
    guard (1...DatasetManifest.mostFeatures).contains(sequence.features) else {
      throw sequence.error("\(sequence.features) features; expected 1...\(DatasetManifest.mostFeatures)")
    }
    let made = try DatasetWriter(
      at: output, name: options.name, features: sequence.features, values: kind, shardBytes: options.shardBytes)
    writer = made
    return made
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

  /// The number of a name, a new one for a new name.
  ///
  /// Static, because a method would hold a copy of the whole importer meanwhile, and so each new name would copy the
  /// table.
  private static func number(
    of name: String?, in numbers: inout [String: Int32], _ sequence: SourceSequence
  ) throws -> Int? {
    guard let name else { return nil }
    if let number = numbers[name] { return Int(number) }
    guard let number = Int32(exactly: numbers.count) else { throw sequence.error("there are too many names") }
    numbers[name] = number
    return Int(number)
  }

  private func finish(_ writer: DatasetWriter) throws -> ImportSummary {
    let known = Set(declared)
    let undeclared = names.keys.filter { !known.contains($0) }.sorted(by: NaturalOrder.precedes)
    let classes = declared + undeclared
    guard classes.count <= DatasetManifest.mostClasses else {
      throw DataError.usage(
        "there are \(classes.count) classes; the most are \(DatasetManifest.mostClasses): are the labels names of "
          + "classes?")
    }
    var order = Array(repeating: Int32(-1), count: names.count)
    for (index, name) in classes.enumerated() {
      if let number = names[name] { order[Int(number)] = Int32(index) }
    }
    writer.labels = writer.labels.map { $0 < 0 ? -1 : order[Int($0)] }
    let undecided = given.contains(nil)
    writer.splits = try SplitDrawing.draw(
      labels: writer.labels, groups: writer.groups, given: given,
      validation: options.validation ?? (undecided && !given.contains(.validation) ? 0.1 : 0),
      test: options.testFraction ?? (undecided && !given.contains(.test) ? 0.2 : 0), seed: options.seed)
    var values = writer.values
    if options.format == .fastq, options.categories == nil, options.quantiser == nil {
      values = .categories(count: Int(greatest) + 1)
    }
    try writer.finish(classes: classes, values: values)
    return ImportSummary(
      sequences: writer.count, timesteps: writer.timesteps, classes: classes,
      splits: Split.allCases.map { split in writer.splits.count { $0 == split } }, values: values)
  }
}
