import ArrayFiles

/// Draws a confusion matrix: a row for each true class, a column for each predicted one.
///
/// A cell is the darker, the greater its share of the row: blue on the diagonal, red beside it, so that a good
/// classifier shows a blue diagonal on white. Classes without a sequence are grey.
enum ConfusionPicture {
  /// Beyond so many classes there is no picture.
  static let mostClasses = 512
  private static let (white, grey, blue, red): (Colour, Colour, Colour, Colour) = (
    [255, 255, 255], [224, 224, 224], [8, 64, 160], [200, 32, 16]
  )
  private typealias Colour = [Double]

  /// A picture of `[true][predicted]` counts; nil where there are no classes, or too many.
  static func image(_ confusion: [[Int]]) -> PNGImage? {
    let classes = confusion.count
    guard (1...mostClasses).contains(classes) else { return nil }
    let cell = max(1, min(48, mostClasses / classes))
    let gap = cell >= 8 ? 1 : 0
    let side = classes * cell
    var pixels = [UInt8](repeating: 208, count: 3 * side * side)
    for (row, counts) in confusion.enumerated() {
      let support = counts.reduce(0, +)
      for (column, count) in counts.enumerated() {
        let share = support == 0 ? 0 : Double(count) / Double(support)
        let colour = colour(share, of: support == 0 ? grey : row == column ? blue : red, isEmpty: support == 0)
        for y in row * cell..<(row + 1) * cell - gap {
          for x in column * cell..<(column + 1) * cell - gap {
            for channel in 0..<3 { pixels[3 * (y * side + x) + channel] = colour[channel] }
          }
        }
      }
    }
    return PNGImage(width: side, height: side, pixels: pixels)
  }

  /// White at 0, the colour at 1; the root lets rare confusions be seen.
  private static func colour(_ share: Double, of full: Colour, isEmpty: Bool) -> [UInt8] {
    let weight = isEmpty ? 1 : share.squareRoot()
    return zip(white, full).map { UInt8(($0 + weight * ($1 - $0)).rounded()) }
  }
}
