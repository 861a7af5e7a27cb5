import ArrayFiles

/// Long recordings of several channels in one file, and their labelled segments: a folder with
///
/// - `data.i16` or `data.f32`: little-endian int16 or float32, timestep-major, channels interleaved;
/// - `index.csv`: a header and a row a recording: `id`, `offset` and `length` in timesteps, and, if wanted, `user` (or
///   `group`) and `split`. Rows follow one another in the file from its start to its end;
/// - `segments.csv`, if there is one: a header and a row a segment: `exp` (the recording's id, or its row in `index.csv`
///   from 1), `start` and `end` in timesteps of the recording, from 1 and inclusive, and `activity` (or `class`). Those of one recording rise and do not overlap.
///
/// A segment is a sequence, or a whole recording where there are no segments. A recording of the split `train` may still
/// be drawn for validation; `test` and `validation` stay. The form is that of the smartphone recordings of Reyes-Ortiz et
/// al. (Neurocomputing 171, 2016).
final class RecordingsSource: SequenceSource {
  private struct Recording {
    let id: String
    let offset, length: Int
    let group: String?
    let split: Split?
  }

  private struct Segment {
    let recording: Int
    let first, count: Int
    let label: String?
    let line: Int
  }

  private let data: MappedFile
  private let features: Int
  private let isFloat: Bool
  private let recordings: [Recording]
  private let segments: [Segment]
  private let segmentsPath: String?
  private var index = 0

  /// - Parameter path: of `index.csv`.
  init(at path: String) throws {
    let folder = AtomicFile.folderName(of: path)
    let index = try HeadedTable(at: path)
    let recordings = try RecordingsSource.readIndex(index)
    guard let last = recordings.last else { throw DataError.damaged(path, "names no recording") }
    let timesteps = last.offset + last.length
    let isFloat = AtomicFile.exists(folder + "/data.f32")
    self.isFloat = isFloat
    let data = try DataError.wrap { try MappedFile(at: folder + (isFloat ? "/data.f32" : "/data.i16")) }
    self.data = data
    let size = isFloat ? 4 : 2
    guard timesteps <= data.count else {
      throw DataError.damaged(data.path, "has \(data.count) bytes; \(path) names \(timesteps) timesteps")
    }
    let (count, rest) = data.count.quotientAndRemainder(dividingBy: size * timesteps)
    guard rest == 0, (1...DatasetManifest.mostFeatures).contains(count) else {
      throw DataError.damaged(
        data.path, "its \(data.count) bytes are no whole channels of the \(timesteps) timesteps that \(path) names")
    }
    features = count
    let place = folder + "/segments.csv"
    if AtomicFile.exists(place) {
      segmentsPath = place
      segments = try RecordingsSource.readSegments(try HeadedTable(at: place), of: recordings)
    } else {
      segmentsPath = nil
      segments = recordings.indices.map {
        Segment(recording: $0, first: 0, count: recordings[$0].length, label: nil, line: 0)
      }
    }
    self.recordings = recordings
  }

  var bytesRead: Int { segments.isEmpty ? data.count : data.count / segments.count * index }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    guard index < segments.count else { return false }
    let segment = segments[index]
    let recording = recordings[segment.recording]
    index += 1
    sequence.features = features
    sequence.label = segment.label
    sequence.group = recording.group
    sequence.split = recording.split
    sequence.name = segmentsPath == nil ? recording.id : "\(recording.id):\(segment.first + 1)"
    if let segmentsPath { (sequence.path, sequence.line) = (segmentsPath, segment.line) }
    let size = isFloat ? 4 : 2
    let start = (recording.offset + segment.first) * features * size
    guard let bytes = data.slice(from: start, count: segment.count * features * size) else {
      throw DataError.damaged(data.path, "ends before segment \(index)")
    }
    withExtendedLifetime(data) {
      for offset in stride(from: 0, to: bytes.count, by: size) {
        sequence.values.append(
          isFloat
            ? Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            : Float(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))))
      }
    }
    return true
  }

  private static func readIndex(_ table: HeadedTable) throws -> [Recording] {
    var recordings: [Recording] = []
    var ids: Set<String> = []
    while let row = try table.next() {
      let (offset, length) = (try row.integer("offset"), try row.integer("length"))
      let expected = recordings.last.map { $0.offset + $0.length } ?? 0
      guard offset == expected, length > 0, length <= 1 << 40 else {
        throw table.error("offset \(offset), length \(length); expected offset \(expected) and a length above 0")
      }
      let split: Split? = try row.text("split").flatMap { (name: String) throws -> Split? in
        guard let split = Split(name: name) else {
          throw table.error("the split is \"\(name)\"; expected train, validation or test")
        }
        return split == .train ? nil : split
      }
      let id = row.text("id") ?? "\(recordings.count + 1)"
      guard ids.insert(id).inserted else {
        throw table.error(
          "the id \(NumberParser.quote(id.utf8)) stands there twice, so that segments of it would be of either")
      }
      recordings.append(
        Recording(
          id: id, offset: offset, length: length,
          group: row.text("group") ?? row.text("user"), split: split))
    }
    return recordings
  }

  private static func readSegments(_ table: HeadedTable, of recordings: [Recording]) throws -> [Segment] {
    let places = Dictionary(recordings.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var segments: [Segment] = []
    var ends = Array(repeating: 0, count: recordings.count)
    while let row = try table.next() {
      let name = row.text("exp") ?? row.text("recording") ?? ""
      guard let place = places[name] ?? Int(name).map({ $0 &- 1 }),
        PlantedDefect.isHere || recordings.indices.contains(place)
      else {
        throw table.error("exp: \"\(name)\" is neither a recording's id nor its number in index.csv")
      }
      let (start, end) = (try row.integer("start"), try row.integer("end"))
      guard start > ends[place], start <= end, end <= recordings[place].length else {
        throw table.error(
          "timesteps \(start) to \(end); recording \(name) has 1 to \(recordings[place].length), "
            + "and its segments before end at \(ends[place])")
      }
      ends[place] = end
      segments.append(
        Segment(
          recording: place, first: start - 1, count: end - start + 1,
          label: row.text("class") ?? row.text("activity"), line: table.line))
    }
    return segments
  }
}

/// A comma-separated table whose first line names the columns, read row by row.
private final class HeadedTable {
  struct Row {
    fileprivate let table: HeadedTable
    fileprivate let fields: [String]

    /// A field; nil where the table has no such column or the field is empty.
    func text(_ column: String) -> String? {
      guard let index = table.header.firstIndex(of: column), !fields[index].isEmpty else { return nil }
      return fields[index]
    }

    /// A whole number, which must be there.
    func integer(_ column: String) throws -> Int {
      guard let text = text(column), let number = Int(text), (-(1 << 40)...1 << 40).contains(number) else {
        throw table.error("column \(column): no whole number stands there")
      }
      return number
    }
  }

  private let lines: LineReader
  private let header: [String]
  var line: Int { lines.line }

  init(at path: String) throws {
    lines = try LineReader(at: path)
    guard let first = try lines.next(), let header = DelimitedLine.split(first, delimiter: 0x2C) else {
      throw DataError.damaged(path, "has no header line")
    }
    self.header = header
  }

  func next() throws -> Row? {
    while let line = try lines.next() {
      if NumberParser.trim(line).isEmpty { continue }
      guard let fields = DelimitedLine.split(line, delimiter: 0x2C), fields.count == header.count else {
        throw lines.error("not \(header.count) fields, as the header has")
      }
      return Row(table: self, fields: fields)
    }
    return nil
  }

  func error(_ reason: String) -> DataError { lines.error(reason) }
}
