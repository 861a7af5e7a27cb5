internal import CKernels

/// Multi-head self-attention within each sequence: `softmax(Q Kᵀ / √depth) V` of every head (Vaswani et al. 2017,
/// arXiv:1706.03762), in tiles whose softmax is formed as they pass (Milakov and Gimelshein 2018, arXiv:1805.02867; Dao et
/// al. 2022, arXiv:2205.14135), so that memory is linear in the length.
///
/// No timestep sees another sequence. Sequences and heads are shared among the threads; none of their sums meets another's, so that
/// a sequence has the same bits in any batch.
public struct Attention: Sendable {
  /// Channels of queries, keys and values, each.
  public let width: Int
  /// Heads, which share the channels equally.
  public let heads: Int
  /// Whether no timestep sees later ones.
  public let isCausal: Bool

  /// Attention; `heads` must divide `width`.
  public init(width: Int, heads: Int, isCausal: Bool) {
    precondition(heads >= 1 && width % heads == 0, "\(heads) heads cannot share \(width) channels")
    self.width = width
    self.heads = heads
    self.isCausal = isCausal
  }

  /// Channels of a head.
  public var depth: Int { width / heads }

  /// What the adjoint needs beside the input.
  public struct Saved {
    /// `[timesteps, width]`, as `forward` returned it.
    let output: PackedTensor
    /// Logarithm of each timestep's sum of exponentials, `[timesteps, heads]`.
    let logSums: PackedTensor
  }

  /// The attended values, `[timesteps, width]`.
  /// - Parameters:
  ///   - x: queries, keys and values beside each other, `[timesteps, 3 × width]`, in each the heads.
  ///   - turns: positions by which queries and keys are turned (rotary embedding: Su et al. 2021, arXiv:2104.09864; channel
  ///     c of a head pairs with c + depth / 2), a head's depth of channels; none: attention does not know the order.
  /// - Complexity: `4·length²·width` FLOP a sequence, half of that where causal; memory of a thread: two copies of a
  ///   sequence's head.
  public func forward(_ x: PackedTensor, turns: Positions?) -> (PackedTensor, Saved) {
    check(x, turns)
    let output = PackedTensor(layout: x.layout, channels: width)
    let logSums = PackedTensor(layout: x.layout, channels: heads)
    forEachHead(x, turns, isGradient: false) { parameters, row, head, scratch in
      var parameters = parameters
      let q = x.row(row) + head * depth
      Kernels.active.attention(
        &parameters, q, q + width, q + 2 * width, scratch, output.row(row) + head * depth, logSums.row(row) + head)
    }
    return (output, Saved(output: output, logSums: logSums))
  }

  /// The gradient of queries, keys and values, `[timesteps, 3 × width]`, for a gradient of the output.
  ///
  /// Weights are computed again from the logarithms of their sums.
  /// - Complexity: `10·length²·width` FLOP a sequence, half of that where causal; memory of a thread: three copies of a
  ///   sequence's head.
  public func backward(_ x: PackedTensor, _ gradient: PackedTensor, _ saved: Saved, turns: Positions?) -> PackedTensor {
    check(x, turns)
    precondition(gradient.channels == width, "a gradient of \(gradient.channels) channels for \(width)")
    let output = PackedTensor(layout: x.layout, channels: 3 * width)
    forEachHead(x, turns, isGradient: true) { parameters, row, head, scratch in
      var parameters = parameters
      let (q, dq) = (x.row(row) + head * depth, output.row(row) + head * depth)
      Kernels.active.attention_gradient(
        &parameters, q, q + width, q + 2 * width, saved.output.row(row) + head * depth, saved.logSums.row(row) + head,
        gradient.row(row) + head * depth, scratch, dq, dq + width, dq + 2 * width)
    }
    return output
  }

  /// Floating-point operations of a forward pass over one sequence.
  public func operations(ofLength length: Int) -> Int { (isCausal ? 2 : 4) * length * length * width }

  private func check(_ x: PackedTensor, _ turns: Positions?) {
    precondition(x.channels == 3 * width, "\(x.channels) channels given to attention of 3 × \(width)")
    precondition(
      turns?.channels ?? depth == depth, "positions of \(turns?.channels ?? 0) channels turn heads of \(depth)")
    let longest = (0..<x.layout.sequences).map { x.layout.length(of: $0) }.max() ?? 0
    precondition(turns?.timesteps ?? longest >= longest, "\(turns?.timesteps ?? 0) positions for \(longest) timesteps")
  }

  /// Visits every head of every sequence, on all threads: the kernel's parameters, the sequence's first row, the head, and
  /// memory to work in.
  private func forEachHead(
    _ x: PackedTensor, _ turns: Positions?, isGradient: Bool,
    _ body: (ck_attention, _ row: Int, _ head: Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    let layout = x.layout
    let scale = Float(1 / Double(depth).squareRoot())
    Workers.forEach(layout.sequences * heads) { piece in
      let (sequence, head) = (piece / heads, piece % heads)
      let length = layout.length(of: sequence)
      if length == 0 { return }
      let parameters = ck_attention(
        length: length, depth: depth, row: 3 * width, out_row: width, heads: heads, scale: scale,
        causal: isCausal ? 1 : 0, turns: turns?.row(0))
      let scratch = StoragePool.shared.lease(
        ck_attention_scratch(length, depth, isGradient ? 1 : 0), growsWithTimesteps: true)
      body(parameters, layout.offsets[sequence], head, scratch.base)
    }
  }
}
