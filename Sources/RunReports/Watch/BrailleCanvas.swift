/// A picture of dots in a terminal: each character holds two columns of four dots (Unicode's braille patterns).
struct BrailleCanvas: Sendable {
  /// Size in characters.
  let columns, rows: Int
  private var cells: [UInt8]

  init(columns: Int, rows: Int) {
    (self.columns, self.rows) = (columns, rows)
    cells = [UInt8](repeating: 0, count: columns * rows)
  }

  /// Size in dots.
  var width: Int { 2 * columns }
  var height: Int { 4 * rows }

  /// The bits of a character's dots, by row and column.
  private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

  /// Sets a dot; (0, 0) is the lowest on the left. One outside is left out.
  mutating func set(_ x: Int, _ y: Int) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    let row = height - 1 - y
    cells[row / 4 * columns + x / 2] |= BrailleCanvas.bits[row % 4][x % 2]
  }

  /// Sets the dots between two points of neighbouring columns, or any others.
  mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int)) {
    let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      set(
        start.x + Int((share * Double(end.x - start.x)).rounded()),
        start.y + Int((share * Double(end.y - start.y)).rounded()))
    }
  }

  /// The characters of a row, from the top; a space where there is no dot.
  func characters(row: Int) -> [Character] {
    cells[row * columns..<(row + 1) * columns].map {
      $0 == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32($0)) ?? " ")
    }
  }
}
