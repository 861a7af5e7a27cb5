internal import CKernels

/// What the next leaf of a convolution, or the next chunk of leaves, will read and write. Kernels fetch it into the cache while
/// they compute this one.
///
/// Sequences of a lane lie one behind the other, so that behind a sequence's last row the next one begins.
struct LeafAhead {
  /// As kernels take it.
  var places = ck_ahead()

  /// Nothing yet.
  init() {}

  /// The rows behind those that a forward chunk reads and writes.
  init(reading input: RowAddresses, behind read: Range<Int>, writing output: RowAddresses, behind rows: Range<Int>) {
    add(input, behind: read)
    add(output, behind: rows)
  }

  /// Adds as many rows of a tensor as `rows` has, those behind it; at most four times.
  mutating func add(_ addresses: RowAddresses, behind rows: Range<Int>) {
    add(addresses, rows: rows.moved(by: rows.count))
  }

  /// Adds rows of a tensor; at most four times.
  mutating func add(_ addresses: RowAddresses, rows: Range<Int>) {
    let place = UnsafeRawPointer(addresses.row(rows.lowerBound))
    let count = rows.count * addresses.channels * MemoryLayout<Float>.stride / 64
    switch 0 {  // the first place that has no lines yet
    case places.lines.0: (places.at.0, places.lines.0) = (place, count)
    case places.lines.1: (places.at.1, places.lines.1) = (place, count)
    case places.lines.2: (places.at.2, places.lines.2) = (place, count)
    default: (places.at.3, places.lines.3) = (place, count)
    }
  }
}
