import ArrayFiles

/// A table of text: a row a timestep, a row a sequence of timesteps, or a row a sequence of one timestep (RFC 4180, but that no field holds a line's end).
final class CSVSource: SequenceSource {
  private struct Columns {
    var sequence: Int?
    var label: Int?
    var group: Int?
    var split: Int?
    /// Of rows that are timesteps, or where value columns are named.
    var values: [Int]
    /// The place of each value column among the symbolic ones, -1: a column of numbers.
    var places: [Int] = []
    /// Features of a timestep.
    var features = 1
    /// Columns that hold no values.
    var others: Set<Int>
    /// The number of fields of each row, where it is fixed.
    var count: Int
  }

  private let options: CSVOptions
  private let levels: SymbolicLevels?
  private let lines: LineReader
  private let delimiter: UInt8
  private var columns: Columns?
  private var seen: Set<String> = []

  /// - Parameter levels: of the symbolic columns, where there are any.
  init(at path: String, options: CSVOptions, levels: SymbolicLevels?) throws {
    self.options = options
    self.levels = levels
    guard let delimiter = options.delimiter.asciiValue, delimiter != 0x22, delimiter != 0x0A else {
      throw DataError.usage("the delimiter \"\(options.delimiter)\" cannot stand between fields")
    }
    self.delimiter = delimiter
    lines = try LineReader(at: path)
  }

  var bytesRead: Int { lines.bytesRead }
  var isOneSequence: Bool { options.row == .timestep && options.sequenceColumn == nil }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    levels?.beginSequence()
    return switch options.row {
    case .timestep: try nextOfTimesteps(&sequence)
    case .sequence: try nextOfSequences(&sequence)
    case .vector: try nextOfVectors(&sequence)
    }
  }

  // MARK: Rows

  private func nextRow() throws -> (line: [UInt8], fields: [Range<Int>])? {
    while let line = try lines.next() {
      if NumberParser.trim(line).isEmpty { continue }
      guard let fields = DelimitedLine.ranges(line, delimiter: delimiter) else {
        throw lines.error("a quote is not closed")
      }
      return (line, fields)
    }
    return nil
  }

  private func nextOfTimesteps(_ sequence: inout SourceSequence) throws -> Bool {
    var current: String?
    while let (line, fields) = try nextRow() {
      guard let columns = try prepare(line, fields) else { continue }
      guard PlantedDefect.isHere || fields.count == columns.count else {
        throw lines.error("\(fields.count) fields; expected \(columns.count)")
      }
      let name = columns.sequence.map { DelimitedLine.text(line[fields[$0]]) } ?? ""
      let annotations = try annotations(line, fields, columns)
      if let current, current != name {
        lines.unread()
        break
      }
      if current == nil {
        guard seen.insert(name).inserted else {
          throw lines.error("the rows of sequence \"\(name)\" do not follow one another; sort the table by it")
        }
        current = name
        sequence.name = name.isEmpty ? nil : name
        sequence.line = lines.line
        sequence.features = columns.features
        (sequence.label, sequence.group, sequence.split) = annotations
      } else if annotations != (sequence.label, sequence.group, sequence.split) {
        throw lines.error("class, group or split differ from those of the sequence's first row (line \(sequence.line))")
      }
      try append(line, fields, columns, to: &sequence.values)
    }
    return current != nil
  }

  private func nextOfVectors(_ sequence: inout SourceSequence) throws -> Bool {
    while let (line, fields) = try nextRow() {
      guard let columns = try prepare(line, fields) else { continue }
      guard fields.count == columns.count else {
        throw lines.error("\(fields.count) fields; expected \(columns.count)")
      }
      sequence.line = lines.line
      sequence.features = columns.features
      sequence.name = columns.sequence.map { DelimitedLine.text(line[fields[$0]]) }
      (sequence.label, sequence.group, sequence.split) = try annotations(line, fields, columns)
      try append(line, fields, columns, to: &sequence.values)
      return true
    }
    return false
  }

  /// Appends the features of a row that is a timestep.
  private func append(
    _ line: [UInt8], _ fields: [Range<Int>], _ columns: Columns, to values: inout [Float]
  ) throws {
    for (column, place) in zip(columns.values, columns.places) {
      guard let levels, place >= 0 else {
        values.append(try value(line, fields, column))
        continue
      }
      guard levels.add(DelimitedLine.text(line[fields[column]]), place, to: &values) else {
        throw lines.error(
          "column \(column + 1): there are more than \(SymbolicLevels.most) words in symbolic columns; are these words?"
        )
      }
    }
  }

  private func nextOfSequences(_ sequence: inout SourceSequence) throws -> Bool {
    while let (line, fields) = try nextRow() {
      guard let columns = try prepare(line, fields) else { continue }
      let others = [columns.sequence, columns.label, columns.group, columns.split]
      let least = (others.compactMap(\.self) + columns.values).max() ?? 0
      guard fields.count > least else { throw lines.error("\(fields.count) fields; expected at least \(least + 1)") }
      sequence.line = lines.line
      sequence.name = columns.sequence.map { DelimitedLine.text(line[fields[$0]]) }
      (sequence.label, sequence.group, sequence.split) = try annotations(line, fields, columns)
      var chosen =
        options.valueColumns.isEmpty ? fields.indices.filter { !columns.others.contains($0) } : columns.values
      while let last = chosen.last, NumberParser.trim(Array(line[fields[last]])).isEmpty { chosen.removeLast() }
      for column in chosen { sequence.values.append(try value(line, fields, column)) }
      return true
    }
    return false
  }

  private func annotations(
    _ line: [UInt8], _ fields: [Range<Int>], _ columns: Columns
  ) throws -> (String?, String?, Split?) {
    func text(_ column: Int?) -> String? {
      guard let column else { return nil }
      let text = DelimitedLine.text(line[fields[column]])
      return text.isEmpty ? nil : text
    }
    let split = try text(columns.split).map { name in
      guard let split = Split(name: name) else {
        throw lines.error("the split is \"\(name)\"; expected train, validation or test")
      }
      return split
    }
    return (text(columns.label), text(columns.group), split)
  }

  private func value(_ line: [UInt8], _ fields: [Range<Int>], _ column: Int) throws -> Float {
    let range = fields[column]
    let parsed: Double? = line.withUnsafeBufferPointer { bytes in
      var position = range.lowerBound
      while position < range.upperBound, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
      let field = UnsafeBufferPointer(rebasing: bytes[..<range.upperBound])
      guard let value = NumberParser.double(field, at: &position) else { return nil }
      while position < range.upperBound, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
      return position == range.upperBound ? value : nil
    }
    if let value = parsed ?? Double(DelimitedLine.text(line[range])), Float(value).isFinite { return Float(value) }
    let text = DelimitedLine.text(line[range])
    throw lines.error(
      "column \(column + 1): "
        + (text.isEmpty ? "the value is missing" : "\(NumberParser.quote(text.utf8)) is no finite number"))
  }

  // MARK: Columns

  /// The columns, found at the first row; nil if that row is the header.
  private func prepare(_ line: [UInt8], _ fields: [Range<Int>]) throws -> Columns? {
    if let columns { return columns }
    let chosen =
      [options.sequenceColumn, options.labelColumn, options.groupColumn, options.splitColumn].compactMap(\.self)
      + options.valueColumns + options.ignoredColumns + options.symbolicColumns
    let isHeader = options.hasHeader ?? (options.row == .timestep || chosen.contains { Int($0) == nil })
    let names = isHeader ? fields.map { DelimitedLine.text(line[$0]) } : []
    func find(_ column: String?) throws -> Int? {
      guard let column else { return nil }
      if let index = names.firstIndex(of: column) { return index }
      if let number = Int(column) {
        let index = number < 0 ? fields.count + number : number - 1
        if fields.indices.contains(index) { return index }
      }
      throw lines.error(
        "there is no column \"\(column)\"; there are "
          + (isHeader ? names.prefix(20).joined(separator: ", ") : "1 to \(fields.count)"))
    }
    var found = Columns(
      sequence: try find(options.sequenceColumn), label: try find(options.labelColumn),
      group: try find(options.groupColumn), split: try find(options.splitColumn), values: [], others: [],
      count: fields.count)
    found.others = Set(
      [found.sequence, found.label, found.group, found.split].compactMap(\.self)
        + (try options.ignoredColumns.compactMap(find)))
    if options.valueColumns.isEmpty {
      found.values = options.row != .sequence ? fields.indices.filter { !found.others.contains($0) } : []
    } else {
      found.values = try options.valueColumns.compactMap(find)
    }
    guard options.row == .sequence || !found.values.isEmpty else { throw lines.error("no column is left for values") }
    let symbolic = try options.symbolicColumns.compactMap(find)
    if let stray = symbolic.first(where: { !found.values.contains($0) }) {
      throw lines.error("column \(stray + 1) is called symbolic, but holds no values")
    }
    guard Set(symbolic).count == symbolic.count else { throw lines.error("a column is called symbolic twice") }
    guard symbolic.isEmpty || found.values.count <= SymbolicLevels.most else {
      throw lines.error(
        "\(found.values.count) columns of values; a table with symbolic ones may have \(SymbolicLevels.most)")
    }
    // In the order of the table, as `dataset.json` lists them.
    let ordered = found.values.filter(symbolic.contains)
    found.places = found.values.map { ordered.firstIndex(of: $0) ?? -1 }
    if let levels {
      let names = found.values.map { isHeader ? names[$0] : "\($0 + 1)" }
      if let problem = levels.describe(names, found.places) { throw lines.error(problem) }
    }
    found.features = found.places.reduce(0) { $0 + ($1 < 0 ? 1 : levels?.width($1) ?? 1) }
    columns = found
    return isHeader ? nil : found
  }
}
