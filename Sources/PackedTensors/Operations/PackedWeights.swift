internal import CKernels

/// Weights as the kernels read them: panels of 16 output channels, each `[taps × input channels][16]`, zero beyond the
/// last channel. In bfloat16 two neighbouring input channels are a pair. Where Float is convolved by interpolation, the
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
    PackedWeights.forEachRow(g) { packed, first, channels in
      for o in 0..<channels { base[packed + o] = weight[first + o * g.inputChannels * g.kernel] }
    }
    if precision == .bfloat16 { pair(taps: g.kernel, inputs: g.inputChannels, columns: g.outputChannels) }
    if isInterpolated { interpolate(inputs: g.inputChannels, columns: g.outputChannels) }
  }

  /// Packs `weight [out, in, kernel]` for the adjoint: panels of `[phase][input channel]`, each phase's taps in its order.
  init(adjoint weight: UnsafePointer<Float>, _ g: ConvolutionGeometry, taps: [[Int]], _ precision: Precision) {
    let (rows, columns) = (taps[0].count * g.outputChannels, taps.count * g.inputChannels)
    let isInterpolated = precision == .float32 && g.isInterpolated
    self.init(
      rows: rows, columns: columns,
      points: isInterpolated ? PackedWeights.pointsSize(inputs: g.outputChannels, outputs: columns) : 0)
    let panel = KernelSizes.panel
    for (phase, taps) in taps.enumerated() {
      for o in 0..<g.outputChannels {
        let from = weight + o * g.inputChannels * g.kernel
        for (n, k) in taps.enumerated() {
          let row = base + (n * g.outputChannels + o) * panel
          for i in 0..<g.inputChannels {
            let column = phase * g.inputChannels + i
            row[column / panel * rows * panel + column % panel] = from[i * g.kernel + k]
          }
        }
      }
    }
    if precision == .bfloat16 { pair(taps: taps[0].count, inputs: g.outputChannels, columns: columns) }
    if isInterpolated { interpolate(inputs: g.outputChannels, columns: columns) }
  }

  /// Rounds to bfloat16.
  private mutating func pair(taps: Int, inputs: Int, columns: Int) {
    let panels = (columns + KernelSizes.panel - 1) / KernelSizes.panel
    let rounded = StoragePool.shared.lease(panels * taps * ((inputs + 1) / 2) * KernelSizes.panel)
    Kernels.active.bfloat16_weights(base, panels, taps, inputs, UnsafeMutablePointer(bits: rounded.base))
    storage = rounded
  }

  private func interpolate(inputs: Int, columns: Int) {
    Kernels.active.toom_cook_weights(base, (columns + KernelSizes.panel - 1) / KernelSizes.panel, inputs)
  }

  private init(rows: Int, columns: Int, points: Int) {
    let count = PackedWeights.size(rows: rows, columns: columns)
    storage = StoragePool.shared.lease(count + points)
    storage.base.update(repeating: 0, count: count)
  }

  /// Writes a packed weight gradient back as `[out, in, kernel]`.
  static func unpack(_ packed: UnsafePointer<Float>, _ g: ConvolutionGeometry, to weight: UnsafeMutablePointer<Float>) {
    forEachRow(g) { row, first, channels in
      for o in 0..<channels { weight[first + o * g.inputChannels * g.kernel] = packed[row + o] }
    }
  }

  /// The rows of packed weights: up to a panel's output channels of one tap and input channel.
  /// - Parameter body: given where a row begins when packed, where its first channel is in `[out, in, kernel]`, and how many
  ///   channels it has.
  private static func forEachRow(
    _ g: ConvolutionGeometry, _ body: (_ packed: Int, _ first: Int, _ channels: Int) -> Void
  ) {
    let (panel, depth) = (KernelSizes.panel, g.inputChannels * g.kernel)
    for o in stride(from: 0, to: g.outputChannels, by: panel) {
      for i in 0..<g.inputChannels {
        for k in 0..<g.kernel {
          let packed = o * depth + (k * g.inputChannels + i) * panel
          body(packed, o * depth + i * g.kernel + k, min(panel, g.outputChannels - o))
        }
      }
    }
  }
}
