/// Where a tensor's rows lie.
///
/// Loops over leaves take it out of a tensor once. A tensor is a structure with four references, which are counted whenever it
/// is copied: out of an optional, a tuple, or a structure with others. (Of an adjoint with 32 channels and one tap that was 3 %, and
/// 1.7 is left.) Whoever uses one has to keep the tensor alive.
struct RowAddresses {
  private let base: UnsafeMutablePointer<Float>
  /// Channels of a row.
  let channels: Int

  init(_ tensor: PackedTensor) { (base, channels) = (tensor.base, tensor.channels) }

  /// The first element of row `index`.
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * channels }
}

extension Range<Int> {
  /// Rows of a sequence as rows of the tensor, where the sequence begins at row `first`.
  func moved(by first: Int) -> Range<Int> { lowerBound + first..<upperBound + first }

  /// Output timesteps as the input timesteps that they begin at.
  func scaled(by stride: Int) -> Range<Int> { lowerBound * stride..<upperBound * stride }
}
