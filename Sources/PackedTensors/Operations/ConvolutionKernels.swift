internal import CKernels

/// What a convolution's kernel does beside its sums.
struct ConvolutionOutput: OptionSet {
  let rawValue: Int32
  /// The sums start from what the output held, and the bias.
  static let added = ConvolutionOutput(rawValue: Int32(CK_ADD.rawValue))
  /// ReLU of the sums.
  static let rectified = ConvolutionOutput(rawValue: Int32(CK_RECTIFY.rawValue))
}

/// The convolution kernels of a precision, with the memory in which they round: one for each thread.
struct ConvolutionKernels {
  private enum Way { case direct, interpolated, bfloat16 }
  private let way: Way
  /// bfloat16 on its way into a kernel, or an interpolation's points.
  private let scratch: Storage?

  /// Kernels for at most `rows` rows of input at once.
  init(_ precision: Precision, _ geometry: ConvolutionGeometry, rows: Int) {
    way = precision == .bfloat16 ? .bfloat16 : geometry.isInterpolated ? .interpolated : .direct
    let channels = max(geometry.inputChannels, geometry.outputChannels)
    // What `bfloat16_weight_gradient` asks for is more than its leaf's rows.
    let most = max(rows, KernelSizes.leaf * geometry.stride + 2 * geometry.reach + 2)
    switch way {
    case .direct: scratch = nil
    case .interpolated:
      scratch = StoragePool.shared.lease(ck_toom_scratch(geometry.inputChannels, geometry.outputChannels))
    case .bfloat16: scratch = StoragePool.shared.lease(most * (channels + 1))
    }
  }

  private var pairs: UnsafeMutablePointer<UInt32> { UnsafeMutablePointer(bits: scratch!.base) }

  /// Rows `rows` of a convolution's output from `count` rows of input, the first of which is row `first` of a sequence.
  /// - Parameter ahead: what is fetched into the cache meanwhile.
  func convolve(
    _ parameters: ck_convolution, _ x: UnsafePointer<Float>, rows count: Int, from first: Int, length: Int,
    _ weights: PackedWeights, bias: UnsafePointer<Float>?, _ output: ConvolutionOutput = [],
    to y: UnsafeMutablePointer<Float>, rowStride: Int, _ rows: Range<Int>,
    ahead: UnsafeMutablePointer<ck_ahead>? = nil
  ) {
    var parameters = parameters
    parameters.ahead = ahead
    switch way {
    case .direct:
      Kernels.active.convolve(
        &parameters, x, first, length, weights.base, bias, output.rawValue, y, rowStride, rows.lowerBound,
        rows.upperBound)
    case .interpolated:
      Kernels.active.toom_cook_convolve(
        &parameters, x, first, length, weights.base, bias, output.rawValue, y, rowStride, rows.lowerBound,
        rows.upperBound, scratch!.base)
    case .bfloat16:
      Kernels.active.bfloat16_rows(x, count, parameters.in, pairs)
      Kernels.active.bfloat16_convolve(
        &parameters, pairs, first, length, weights.pairs, bias, output.rawValue, y, rowStride, rows.lowerBound,
        rows.upperBound)
    }
  }

  /// Floats that ``weightGradient(_:_:from:length:_:to:_:ahead:)`` adds to.
  static func weightGradientSize(_ geometry: ConvolutionGeometry, _ precision: Precision) -> Int {
    let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
    return PackedWeights.size(rows: geometry.kernel * inputs, columns: outputs)
      + (precision == .float32 && geometry.isInterpolated
        ? PackedWeights.pointsSize(inputs: inputs, outputs: outputs) : 0)
  }

  /// Adds one leaf of the weight gradient to `dw`; `dy` points to the first of `rows`. After a lane's last leaf comes
  /// ``finishWeightGradient(_:_:)``.
  /// - Parameter ahead: what is fetched into the cache meanwhile.
  func weightGradient(
    _ parameters: ck_convolution, _ x: UnsafePointer<Float>, from first: Int, length: Int, _ dy: UnsafePointer<Float>,
    to dw: UnsafeMutablePointer<Float>, _ rows: Range<Int>, ahead: UnsafeMutablePointer<ck_ahead>? = nil
  ) {
    var parameters = parameters
    parameters.ahead = ahead
    switch way {
    case .direct:
      Kernels.active.weight_gradient(&parameters, x, first, length, dy, dw, rows.lowerBound, rows.upperBound)
    case .interpolated:
      Kernels.active.toom_cook_weight_gradient(
        &parameters, x, first, length, dy, dw, rows.lowerBound, rows.upperBound, scratch!.base)
    case .bfloat16:
      Kernels.active.bfloat16_weight_gradient(
        &parameters, x, first, length, dy, pairs, dw, rows.lowerBound, rows.upperBound)
    }
  }

  /// Makes a lane's sums the gradient of the packed weights.
  func finishWeightGradient(_ parameters: ck_convolution, _ dw: UnsafeMutablePointer<Float>) {
    guard way == .interpolated else { return }
    let panels = (parameters.out + KernelSizes.panel - 1) / KernelSizes.panel
    Kernels.active.toom_cook_weight_sums(dw, panels, parameters.in)
  }
}

extension UnsafeMutablePointer<UInt32> {
  /// The same memory, seen as words: for kernels alone, which write it before they read it.
  init(bits floats: UnsafeMutablePointer<Float>) {
    self = UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt32.self)
  }
}
