/// The rows of one kind in a metrics.jsonl, as columns of numbers.
///
/// A nested object's columns have names with dots (`parts.masked.loss`). A truth value is 1 or 0, a list its count; texts
/// are left out. Where a row has no such field, or `null`, the column holds NaN.
public struct MetricsTable: Sendable {
  /// Rows.
  public private(set) var count = 0
  /// The columns, in the order in which they were first met.
  private var columns: [Column] = []

  /// No rows.
  public init() {}

  /// The names of the columns.
  public var names: [String] { columns.map(\.name) }

  /// A column, as long as there are rows; nil where no row has such a field.
  public subscript(name: String) -> [Double]? { columns.first { $0.name == name }?.values }

  /// The steps of the rows; NaN for a row without one.
  public var steps: [Double] { self["step"] ?? [Double](repeating: .nan, count: count) }

  /// The last number of a column that is finite.
  public func last(_ name: String) -> Double? { self[name]?.last { $0.isFinite } }

  /// Adds a row. Rows mostly have the same fields in the same order, so that a column is mostly found where the last
  /// row's was.
  mutating func append(_ row: borrowing MetricsRow) {
    for (place, field) in row.fields.enumerated() {
      let name = row.names[field.name]
      let index = column(name, near: place)
      if columns[index].values.count == count { columns[index].values.append(field.value) }
    }
    count += 1
    for index in columns.indices where columns[index].values.count < count { columns[index].values.append(.nan) }
  }

  private mutating func column(_ name: ArraySlice<UInt8>, near place: Int) -> Int {
    // A text in the middle, such as `kind`, is no field of a row, so that places agree from row to row.
    if place < columns.count && columns[place].bytes[...] == name { return place }
    if let known = columns.firstIndex(where: { $0.bytes[...] == name }) { return known }
    columns.append(
      Column(
        name: String(decoding: name, as: UTF8.self), bytes: Array(name),
        values: [Double](repeating: .nan, count: count)))
    return columns.count - 1
  }

  private struct Column: Sendable {
    let name: String
    let bytes: [UInt8]
    var values: [Double]
  }
}
