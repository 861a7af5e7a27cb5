/// Ranges of the gradient arena that are complete and not yet handed over; adjacent ones are merged.
struct FinishedRanges {
  /// Disjoint, none adjacent to another, ascending.
  private var ranges: [Range<Int>] = []
  /// Elements in all ranges.
  private(set) var count = 0

  /// Adds a range that overlaps none of the others. Complexity: linear in the number of ranges, of which there are few.
  mutating func insert(_ range: Range<Int>) {
    var merged = range
    var position = ranges.firstIndex { $0.lowerBound >= range.lowerBound } ?? ranges.endIndex
    if position < ranges.endIndex {
      let next = ranges[position]
      precondition(range.upperBound <= next.lowerBound, "\(range) was finished twice: \(next) is there")
      if next.lowerBound == merged.upperBound {
        merged = merged.lowerBound..<next.upperBound
        ranges.remove(at: position)
      }
    }
    if position > 0 {
      let previous = ranges[position - 1]
      precondition(previous.upperBound <= range.lowerBound, "\(range) was finished twice: \(previous) is there")
      if previous.upperBound == merged.lowerBound {
        merged = previous.lowerBound..<merged.upperBound
        position -= 1
        ranges.remove(at: position)
      }
    }
    ranges.insert(merged, at: position)
    count += range.count
  }

  /// Gives all ranges and forgets them.
  mutating func takeAll() -> [Range<Int>] {
    defer {
      ranges.removeAll()
      count = 0
    }
    return ranges
  }
}
