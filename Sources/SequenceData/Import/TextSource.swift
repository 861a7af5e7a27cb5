import ArrayFiles

/// Text as bytes: every line a sequence, `label<TAB>sentence` or a sentence without label, or every file one sequence; a
/// byte is a timestep and a category.
///
/// Nothing is decoded: a character of several bytes is several timesteps, and text of any encoding is text.
final class TextSource: SequenceSource {
  /// The number of bytes.
  static let categories = 256

  let isOneSequence: Bool
  private let lines: LineReader
  private var isRead = false

  /// - Parameter wholeFile: whether the file is one sequence, line ends included (each as `\n`).
  init(at path: String, wholeFile: Bool) throws {
    isOneSequence = wholeFile
    lines = try LineReader(at: path)
  }

  var bytesRead: Int { lines.bytesRead }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    if isOneSequence { return try nextFile(&sequence) }
    var line = try lines.next()
    while let empty = line, empty.isEmpty { line = try lines.next() }
    guard let line else { return false }
    sequence.line = lines.line
    guard let tab = line.firstIndex(of: 0x09) else {
      sequence.values.append(contentsOf: line.lazy.map(Float.init))
      return true
    }
    guard PlantedDefect.isHere || String(validating: line[..<tab], as: UTF8.self) != nil else {
      throw lines.error("the label before the tab is not UTF-8")
    }
    let label = String(decoding: line[..<tab], as: UTF8.self)
    sequence.label = label.isEmpty ? nil : label
    sequence.values.append(contentsOf: line[(tab + 1)...].lazy.map(Float.init))
    guard !sequence.values.isEmpty else { throw lines.error("there is no sentence behind the tab") }
    return true
  }

  private func nextFile(_ sequence: inout SourceSequence) throws -> Bool {
    guard !isRead else { return false }
    isRead = true
    while let line = try lines.next() {
      if lines.line > 1 { sequence.values.append(0x0A) }
      sequence.values.append(contentsOf: line.lazy.map(Float.init))
    }
    return true
  }
}
