import ArrayFiles
import SequenceData

/// Imports of which it is known what has to come of a file that is accepted.
extension HostileReader {
  /// The most bytes of a file of which it is asked what came of it, and which is read in other ways too: fuzzers' files are
  /// no longer, and of longer ones the cost of one reading is asked.
  private static let mostChecked = 8 << 10

  /// Recordings by their segments in windows, and whole ones of floats.
  func importRecordings(_ bytes: UnsafeRawBufferPointer, _ bench: Workbench) throws {
    let index = bytes.prefix { $0 != 0 }
    let segments = bytes.dropFirst(index.count + 1).prefix { $0 != 0 }
    let data = bytes.dropFirst(index.count + segments.count + 2)
    let source = bench.folder + "/index.csv"
    bench.write(index, to: "index.csv")
    bench.write(segments, to: "segments.csv")
    bench.write(data, to: "data.i16")
    var windows = ImportOptions(format: .recordings)
    windows.windows = .init(length: 4, step: 2)
    (windows.validation, windows.testFraction) = (0, 0)
    guard bytes.count <= Self.mostChecked else { return try importFile(windows, at: source, bench) }
    let first = error {
      try importFile(windows, at: source, bench) { dataset in
        precondition((0..<dataset.count).allSatisfy { dataset.length(of: $0) == 4 }, "a window that is none")
      }
    }
    bench.remove("segments.csv")
    bench.write(data, to: "data.f32")
    defer { bench.remove("data.f32") }
    let second = error {
      try importFile(.init(format: .recordings), at: source, bench) { dataset in
        let values = dataset.timesteps * dataset.features
        precondition(4 * values == data.count, "\(values) values of \(data.count) bytes")
      }
    }
    try refuse([first, second])
  }

  /// An array as images, by rows and by values, and as the labels of two.
  func importArray(_ bytes: UnsafeRawBufferPointer, _ bench: Workbench) throws {
    let path = bench.file(bytes)
    guard bytes.count <= Self.mostChecked else { return try importFile(.init(format: .idx), at: path, bench) }
    bench.write([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9], to: "two.idx")
    var labelled = ImportOptions(format: .idx)
    labelled.idx.labels = path
    var values = ImportOptions(format: .idx)
    values.idx.timestep = .value
    let images = error {
      try importFile(.init(format: .idx), at: path, bench) { dataset in
        // Two bytes of zero (others where it is compressed), the type's, the number of extents, these, and the elements.
        let size = bytes[0] != 0 ? 0 : [8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8][bytes[2]]!
        let elements = dataset.timesteps * dataset.features
        let isWhole = size == 0 || 4 + 4 * Int(bytes[3]) + size * elements == bytes.count
        precondition(isWhole, "\(elements) elements of \(bytes.count) bytes")
      }
    }
    try refuse([
      images, error { try importFile(values, at: path, bench) { precondition($0.features == 1, "more than a value") } },
      error { try importFile(labelled, at: bench.folder + "/two.idx", bench) },
    ])
  }

  /// A text line by line, and whole.
  func importText(_ bytes: UnsafeRawBufferPointer, _ bench: Workbench) throws {
    let path = bench.file(bytes)
    let isCompressed = bytes.starts(with: [0x1F, 0x8B])
    var whole = ImportOptions(format: .text)
    whole.wholeFiles = true
    guard bytes.count <= Self.mostChecked, !isCompressed else {
      try importFile(.init(format: .text), at: path, bench)
      return try importFile(whole, at: path, bench)
    }
    try importFile(.init(format: .text), at: path, bench) { try checkSentences($0, of: bytes) }
    try importFile(whole, at: path, bench) { dataset in
      let text = Array(lines(of: bytes).joined(separator: [0x0A]))
      precondition(dataset.count == 1, "a file of \(dataset.count) sequences")
      let found = try dataset.bytes(of: 0)
      precondition(found == text, "a file that does not come back")
    }
  }

  /// Every line that is not empty is a sequence, its label what stands before the first tab.
  private func checkSentences(_ dataset: SequenceDataset, of bytes: UnsafeRawBufferPointer) throws {
    let lines = lines(of: bytes).filter { !$0.isEmpty }
    precondition(dataset.count == lines.count, "\(dataset.count) sequences of \(lines.count) lines")
    for (id, line) in lines.enumerated() {
      let tab = line.firstIndex(of: 0x09)
      let label = tab.flatMap { $0 == line.startIndex ? nil : line[..<$0] }
      let name = dataset.label(of: id).map { dataset.classes[$0] }
      let isTold = name == label.flatMap { String(validating: $0, as: UTF8.self) } && (name == nil) == (label == nil)
      precondition(isTold, "sequence \(id) has the label \(name ?? "")")
      let sentence = line[(tab.map { $0 + 1 } ?? line.startIndex)...]
      let found = try dataset.bytes(of: id)
      precondition(found == Array(sentence), "sequence \(id) does not come back")
    }
  }

  /// The lines without their ends and without a byte-order mark; the last one only if it holds something.
  private func lines(of bytes: UnsafeRawBufferPointer) -> [ArraySlice<UInt8>] {
    var lines = Array(bytes).split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    lines = lines.map { $0.last == 0x0D ? $0.dropLast() : $0 }
    if let first = lines.first, first.starts(with: [0xEF, 0xBB, 0xBF]) { lines[0] = first.dropFirst(3) }
    return lines
  }

  /// What is thrown; nil where nothing is.
  private func error(of body: () throws -> Void) -> (any Error)? {
    do {
      try body()
      return nil
    } catch { return error }
  }

  /// Throws an error that is none of the project's own, or the first one where nothing was accepted.
  private func refuse(_ errors: [(any Error)?]) throws {
    for case let error? in errors where !(error is DataError || error is FileError) { throw error }
    if let first = errors[0], !errors.contains(where: { $0 == nil }) { throw first }
  }
}

extension SequenceDataset {
  /// The values of a sequence of bytes.
  fileprivate func bytes(of id: Int) throws -> [UInt8] {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: length(of: id)) { buffer in
      try copyValues(of: id, into: buffer)
      return buffer.map { UInt8($0) }
    }
  }
}
