/// Puts finished ranges of the gradient together into pieces of about one size, each of which is reduced by one call.
///
/// Adjacent ranges are merged. Which come together depends on the model alone, so that every rank makes the same calls.
public struct GradientBuckets {
  private let elements: Int
  private let firstElements: Int
  private var collecting = FinishedRanges()
  private var tookAny = false

  /// - Parameters:
  ///   - bucketBytes: bytes of a piece, about; a longer range is divided.
  ///   - firstBucketBytes: the same for the first of a step.
  public init(
    bucketBytes: Int = GradientReducer.bucketBytes, firstBucketBytes: Int = GradientReducer.firstBucketBytes
  ) {
    precondition(bucketBytes >= 4 && firstBucketBytes >= 4, "a bucket holds at least one element")
    elements = bucketBytes / MemoryLayout<Float>.stride
    firstElements = firstBucketBytes / MemoryLayout<Float>.stride
  }

  /// Whether nothing is waiting.
  public var isEmpty: Bool { collecting.count == 0 }
  /// Whether enough has come together for a reduction.
  public var isFull: Bool { collecting.count >= (tookAny ? elements : firstElements) }

  /// Opens a step. Nothing may be waiting.
  public mutating func begin() {
    precondition(isEmpty, "\(collecting.count) elements of the last step were not taken")
    tookAny = false
  }

  /// Adds a range that overlaps none of those that are waiting.
  public mutating func add(_ range: Range<Int>) { collecting.insert(range) }

  /// Gives everything that waits, ascending, in pieces.
  public mutating func take() -> [Range<Int>] {
    tookAny = true
    return collecting.takeAll().flatMap { range in
      stride(from: range.lowerBound, to: range.upperBound, by: elements).map {
        $0..<min($0 + elements, range.upperBound)
      }
    }
  }
}
