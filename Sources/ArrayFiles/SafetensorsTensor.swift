/// A tensor by name, on its way to a file or back: what state dicts and checkpoints consist of.
public struct NamedTensor: Sendable, Equatable {
  /// The elements, row-major, in one of the types that Lockstep stores.
  public enum Elements: Sendable, Equatable {
    /// IEEE 754 binary32.
    case float32([Float])
    /// Two's complement, 64 bits.
    case int64([Int64])
    /// IEEE 754 binary64.
    case float64([Double])

    /// The number of elements.
    public var count: Int {
      switch self {
      case .float32(let values): values.count
      case .int64(let values): values.count
      case .float64(let values): values.count
      }
    }
  }

  /// The name, as in PyTorch's state dict: `blocks.0.conv1.weight`.
  public let name: String
  /// The extents, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements, as many as the product of `shape`.
  public let elements: Elements

  /// A tensor whose element count must be the product of its shape.
  public init(name: String, shape: [Int], elements: Elements) {
    let count = shape.reduce(1, *)
    precondition(
      count == elements.count, "\(name): shape \(shape) holds \(count) elements, got \(elements.count)")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}
