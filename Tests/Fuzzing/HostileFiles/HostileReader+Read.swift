import ArrayFiles
import SequenceData
import Training

extension HostileReader {
  /// Reads the bytes as users would have them read: opened, checked, and every value taken.
  public func read(_ bytes: UnsafeRawBufferPointer, on bench: Workbench) -> Outcome {
    do {
      try readThrough(bytes, bench)
      return .value
    } catch let error as FileError {
      return .refused(error.description)
    } catch let error as DataError {
      return .refused(error.description)
    } catch let error as RecipeError {
      return .refused(error.description)
    } catch {
      return .untyped("\(type(of: error)): \(error)")
    }
  }

  private func readThrough(_ bytes: UnsafeRawBufferPointer, _ bench: Workbench) throws {
    switch self {
    case .safetensors: try readSafetensors(at: bench.file(bytes))
    case .npy: try readArray(try NPYFile(at: bench.file(bytes)))
    case .npz: try readArchive(at: bench.file(bytes), bench)
    case .ts: try importFile(.init(format: .ts), at: bench.file(bytes), bench)
    case .csv: try importTable(at: bench.file(bytes), bench)
    case .jsonl: try importFile(.init(format: .jsonl), at: bench.file(bytes), bench)
    case .wav: try importFile(.init(format: .wav), at: bench.file(bytes), bench)
    case .fastq: try importFile(.init(format: .fastq), at: bench.file(bytes), bench)
    case .recordings: try importRecordings(bytes, bench)
    case .idx: try importArray(bytes, bench)
    case .text: try importText(bytes, bench)
    case .dataset: try readDataset(bytes, bench)
    case .recipe: try readRecipe(at: bench.file(bytes))
    }
  }

  private func readSafetensors(at path: String) throws {
    let file = try SafetensorsFile(path: path)
    for entry in file.entries {
      let tensor = try file.tensor(entry.name)
      let bytes = try file.bytes(of: entry)
      precondition(bytes.count == entry.bytes.count, "\(entry) is not as long as it says")
      precondition(tensor.elements.count * entry.type.size == entry.bytes.count, "\(entry) changed its size")
    }
  }

  private func readArray(_ array: NPYFile) throws {
    precondition(array.data.count == array.header.byteCount, "\(array.header) is not as long as it says")
    let integers = array.integers()
    guard array.header.elementCount > 0 else { return }
    let last = array.header.elementCount - 1
    switch array.element {
    case .bool, .uint8: precondition(Int(array.value(at: last, as: UInt8.self)) == integers?[last])
    case .int16: precondition(Int(array.value(at: last, as: Int16.self)) == integers?[last])
    case .int32: precondition(Int(array.value(at: last, as: Int32.self)) == integers?[last])
    case .int64: precondition(Int(array.value(at: last, as: Int64.self)) == integers?[last])
    case .float32: _ = array.value(at: last, as: Float.self)
    case .float64: _ = array.value(at: last, as: Double.self)
    }
  }

  private func readArchive(at path: String, _ bench: Workbench) throws {
    let archive = try NPZFile(at: path)
    var first: (any Error)?
    for name in archive.names {
      // A damaged member must not hide the others from the fuzzer.
      do { try readArray(try archive.array(name)) } catch { first = first ?? error }
    }
    try importFile(.init(format: .npz), at: path, bench)
    if let first { throw first }
  }

  /// - Parameter check: is handed what was made of the file.
  func importFile(
    _ options: ImportOptions, at path: String, _ bench: Workbench, check: ((SequenceDataset) throws -> Void)? = nil
  ) throws {
    var options = options
    options.shardBytes = 1 << 10
    try bench.withOutput { output in
      _ = try DatasetImporter.run(source: path, output: output, options: options)
      try check?(SequenceDataset(at: output))
    }
  }

  /// A table in four ways: without any choice, a row a sequence, with every column that can be named, and as vectors.
  private func importTable(at path: String, _ bench: Workbench) throws {
    var rows = ImportOptions(format: .csv)
    rows.csv.row = .sequence
    rows.csv.labelColumn = "-1"
    var named = ImportOptions(format: .csv)
    named.csv.sequenceColumn = "id"
    named.csv.labelColumn = "class"
    named.csv.groupColumn = "group"
    named.csv.splitColumn = "split"
    var vectors = ImportOptions(format: .csv)
    vectors.csv.row = .vector
    vectors.csv.symbolicColumns = ["1"]
    vectors.csv.labelColumn = "-1"
    var errors: [any Error] = []
    for options in [ImportOptions(format: .csv), rows, named, vectors] {
      do { try importFile(options, at: path, bench) } catch { errors.append(error) }
    }
    if errors.count == 4 { throw errors[0] }
    for error in errors where !(error is DataError) { throw error }
  }

  private func readRecipe(at path: String) throws {
    let recipe = try Recipe(file: path)
    let encoder = recipe.model.encoder
    precondition(encoder.width > 0 && encoder.timestepsPerFrame > 0, "\(encoder) gives no frames")
    let text = recipe.resolvedYAML
    do {
      let again = try Recipe(yaml: text)
      precondition(again.identity == recipe.identity, "a recipe reads back as another: \(text)")
    } catch {
      preconditionFailure("a resolved recipe is refused: \(error)")
    }
    let overrides = ["training.seed=7", "batch.lanes=4", "objective.kind=classify"]
    _ = try Recipe(file: path, overrides: overrides)
  }
}
