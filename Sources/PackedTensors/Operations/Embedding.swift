internal import CKernels

/// A learned vector for each category; the vectors of a timestep's features are added.
public enum Embedding {
  /// Looks up `[timesteps, features]` categories, held as whole numbers, in a table of `[features × categories,
  /// width]`.
  /// - Precondition: every value is a whole number in `0 ..< categories`, as data sets ensure when they are read.
  public static func forward(_ x: PackedTensor, table: UnsafePointer<Float>, categories: Int, width: Int)
    -> PackedTensor
  {
    let output = PackedTensor(layout: x.layout, channels: width)
    for row in 0..<x.layout.timesteps {
      let (values, to) = (x.row(row), output.row(row))
      to.update(from: table + Int(values[0]) * width, count: width)
      for feature in 1..<max(1, x.channels) where feature < x.channels {
        Kernels.active.add(to, table + (feature * categories + Int(values[feature])) * width, width)
      }
    }
    return output
  }

  /// The gradient of the table, one carried lane at a time.
  /// - Parameter laneFinished: given each lane's `[features × categories, width]`, in lane order; the memory is used
  ///   again.
  /// - Complexity: `timesteps · features · width` additions, and the table once a leaf.
  public static func backward(
    _ x: PackedTensor, _ gradient: PackedTensor, categories: Int,
    laneFinished: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let (width, layout) = (gradient.channels, x.layout)
    let size = x.channels * categories * width
    let memory = StoragePool.shared.lease(2 * size)
    let (total, leaf) = (memory.base, memory.base + size)
    for lane in 0..<layout.carriedLanes {
      total.update(repeating: 0, count: size)
      for sequence in layout.sequences(ofLane: lane) {
        var first = layout.offsets[sequence]
        while first < layout.offsets[sequence + 1] {
          let last = min(first + KernelSizes.leaf, layout.offsets[sequence + 1])
          leaf.update(repeating: 0, count: size)
          for row in first..<last {
            for feature in 0..<x.channels {
              Kernels.active.add(
                leaf + (feature * categories + Int(x.row(row)[feature])) * width, gradient.row(row), width)
            }
          }
          Kernels.active.add(total, leaf, size)
          first = last
        }
      }
      try laneFinished(lane, total)
    }
  }
}
