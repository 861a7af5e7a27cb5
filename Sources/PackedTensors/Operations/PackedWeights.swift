/// Weights as the kernels read them: panels of 16 output channels, each `[taps × input channels][16]`, zero beyond the
/// last channel.
struct PackedWeights {
  let storage: Storage
  let count: Int
  var base: UnsafeMutablePointer<Float> { storage.base }

  static func size(rows: Int, columns: Int) -> Int {
    (columns + KernelSizes.panel - 1) / KernelSizes.panel * rows * KernelSizes.panel
  }

  /// Packs `weight [out, in, kernel]` for the forward convolution.
  init(forward weight: UnsafePointer<Float>, _ g: ConvolutionGeometry) {
    self.init(rows: g.kernel * g.inputChannels, columns: g.outputChannels)
    let panel = KernelSizes.panel
    for o in 0..<g.outputChannels {
      let to = base + (o / panel) * g.kernel * g.inputChannels * panel + o % panel
      for k in 0..<g.kernel {
        for i in 0..<g.inputChannels {
          to[(k * g.inputChannels + i) * panel] = weight[(o * g.inputChannels + i) * g.kernel + k]
        }
      }
    }
  }

  /// Packs `weight [out, in, kernel]` for the adjoint: panels of input channels, the phase's taps in its order.
  init(adjoint weight: UnsafePointer<Float>, _ g: ConvolutionGeometry, taps: [Int]) {
    self.init(rows: taps.count * g.outputChannels, columns: g.inputChannels)
    let panel = KernelSizes.panel
    for i in 0..<g.inputChannels {
      let to = base + (i / panel) * taps.count * g.outputChannels * panel + i % panel
      for (n, k) in taps.enumerated() {
        for o in 0..<g.outputChannels {
          to[(n * g.outputChannels + o) * panel] = weight[(o * g.inputChannels + i) * g.kernel + k]
        }
      }
    }
  }

  private init(rows: Int, columns: Int) {
    count = PackedWeights.size(rows: rows, columns: columns)
    storage = StoragePool.shared.lease(count)
    storage.base.update(repeating: 0, count: count)
  }

  /// Writes a packed weight gradient back as `[out, in, kernel]`.
  static func unpack(_ packed: UnsafePointer<Float>, _ g: ConvolutionGeometry, to weight: UnsafeMutablePointer<Float>) {
    let panel = KernelSizes.panel
    for o in 0..<g.outputChannels {
      let from = packed + (o / panel) * g.kernel * g.inputChannels * panel + o % panel
      for k in 0..<g.kernel {
        for i in 0..<g.inputChannels {
          weight[(o * g.inputChannels + i) * g.kernel + k] = from[(k * g.inputChannels + i) * panel]
        }
      }
    }
  }
}
