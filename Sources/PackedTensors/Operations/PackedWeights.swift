internal import CKernels

/// Weights as the kernels read them: panels of 16 output channels, each `[taps × input channels][16]`, zero beyond the
/// last channel. In bfloat16 two neighbouring input channels are a pair, of one word or two. Where Float is convolved by interpolation, the
/// weights of its points stand behind.
struct PackedWeights {
  private var storage: Storage
  var base: UnsafeMutablePointer<Float> { storage.base }
  /// What stands at `base` in bfloat16.
  var pairs: UnsafeMutablePointer<UInt32> { UnsafeMutablePointer(bits: storage.base) }

  static func size(rows: Int, columns: Int) -> Int {
    (columns + KernelSizes.panel - 1) / KernelSizes.panel * rows * KernelSizes.panel
  }

  /// Floats of what stands behind the packed weights, or their gradient, where the geometry is interpolated.
  static func pointsSize(inputs: Int, outputs: Int) -> Int {
    size(rows: Int(CK_TOOM_POINTS) * inputs, columns: outputs)
  }

  /// Packs `weight [out, in, kernel]` for the forward convolution.
  init(forward weight: UnsafePointer<Float>, _ g: ConvolutionGeometry, _ precision: Precision) {
    let isInterpolated = precision == .float32 && g.isInterpolated
    self.init(
      rows: g.kernel * g.inputChannels, columns: g.outputChannels,
      points: isInterpolated ? PackedWeights.pointsSize(inputs: g.inputChannels, outputs: g.outputChannels) : 0)
    Kernels.active.pack_weights(weight, g.outputChannels, g.inputChannels, g.kernel, base)
    if precision == .bfloat16 { pair(taps: g.kernel, inputs: g.inputChannels, columns: g.outputChannels) }
    if isInterpolated { interpolate(inputs: g.inputChannels, columns: g.outputChannels) }
  }

  /// Packs `weight [out, in, kernel]` for the adjoint: panels of `[phase][input channel]`, each phase's taps in its order.
  init(adjoint weight: UnsafePointer<Float>, _ g: ConvolutionGeometry, _ phases: AdjointPhases, _ precision: Precision)
  {
    let (rows, columns) = (phases.tapsOfPhase * g.outputChannels, phases.count * g.inputChannels)
    let isInterpolated = precision == .float32 && g.isInterpolated
    self.init(
      rows: rows, columns: columns,
      points: isInterpolated ? PackedWeights.pointsSize(inputs: g.outputChannels, outputs: columns) : 0)
    Kernels.active.pack_adjoint_weights(
      weight, g.outputChannels, g.inputChannels, g.kernel, phases.taps, phases.count,
      phases.tapsOfPhase, base)
    if precision == .bfloat16 { pair(taps: phases.tapsOfPhase, inputs: g.outputChannels, columns: columns) }
    if isInterpolated { interpolate(inputs: g.outputChannels, columns: columns) }
  }

  /// Rounds to bfloat16.
  private mutating func pair(taps: Int, inputs: Int, columns: Int) {
    let panels = (columns + KernelSizes.panel - 1) / KernelSizes.panel
    let rounded = StoragePool.shared.lease(
      panels * taps * ((inputs + 1) / 2) * Kernels.active.bfloat16_words * KernelSizes.panel)
    Kernels.active.bfloat16_weights(base, panels, taps, inputs, UnsafeMutablePointer(bits: rounded.base))
    storage = rounded
  }

  private func interpolate(inputs: Int, columns: Int) {
    Kernels.active.toom_cook_weights(base, (columns + KernelSizes.panel - 1) / KernelSizes.panel, inputs)
  }

  private init(rows: Int, columns: Int, points: Int) {
    storage = StoragePool.shared.lease(PackedWeights.size(rows: rows, columns: columns) + points)
  }

  /// Writes a packed weight gradient back as `[out, in, kernel]`.
  static func unpack(_ packed: UnsafePointer<Float>, _ g: ConvolutionGeometry, to weight: UnsafeMutablePointer<Float>) {
    Kernels.active.unpack_weights(packed, g.outputChannels, g.inputChannels, g.kernel, weight)
  }
}
