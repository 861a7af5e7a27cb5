import ArrayFiles

/// The qualities of sequencing reads: FASTQ, plain or gzip, whose qualities (Phred + 33; Cock et al. 2010) become
/// categories.
///
/// Sequence and qualities may each go over several lines.
final class FASTQSource: SequenceSource {
  /// The number of qualities that can be written: `!` to `~`.
  static let categories = 94
  private let lines: LineReader

  init(at path: String) throws { lines = try LineReader(at: path) }

  var bytesRead: Int { lines.bytesRead }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    var header = try lines.next()
    while let line = header, line.isEmpty { header = try lines.next() }
    guard let header else { return false }
    guard header.first == 0x40 else {
      throw lines.error("a read begins with @, not with \(NumberParser.quote(header))")
    }
    sequence.line = lines.line
    // Up to the first space: what follows describes the read.
    let name = header.dropFirst().prefix { $0 != 0x20 && $0 != 0x09 }
    sequence.name = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    var bases = 0
    var isAtQualities = false
    while let line = try lines.next() {
      if line.first == 0x2B {
        isAtQualities = true
        break
      }
      if line.first == 0x40 { throw lines.error("the next read begins before the qualities of the last") }
      bases += line.count
    }
    guard isAtQualities else { throw lines.error("the file ends before the qualities of its last read") }
    guard bases > 0 else { throw lines.error("the read has no bases") }
    while sequence.values.count < bases {
      guard let line = try lines.next() else {
        throw lines.error("the file ends after \(sequence.values.count) qualities of \(bases) bases")
      }
      for (column, byte) in line.enumerated() {
        guard PlantedDefect.isHere || (byte >= 0x21 && byte <= 0x7E) else {
          throw lines.error("column \(column + 1): byte \(byte) is no quality (33...126)")
        }
        sequence.values.append(Float(byte - 0x21))
      }
    }
    guard sequence.values.count == bases else {
      throw lines.error("\(sequence.values.count) qualities for \(bases) bases")
    }
    return true
  }
}
