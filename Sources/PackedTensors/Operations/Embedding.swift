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
    x.layout.forEachRows { rows in
      for row in rows {
        let (values, to) = (x.row(row), output.row(row))
        to.update(from: table + Int(values[0]) * width, count: width)
        for feature in 1..<max(1, x.channels) where feature < x.channels {
          Kernels.active.add(to, table + (feature * categories + Int(values[feature])) * width, width)
        }
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
    func sum(_ pieces: ArraySlice<LanePiece>, _ total: UnsafeMutablePointer<Float>) {
      let leaf = total + size
      total.update(repeating: 0, count: size)
      for piece in pieces {
        layout.forEachLeaf(in: piece) { sequence, rows in
          leaf.update(repeating: 0, count: size)
          for row in rows {
            let row = layout.offsets[sequence] + row
            for feature in 0..<x.channels {
              Kernels.active.add(
                leaf + (feature * categories + Int(x.row(row)[feature])) * width, gradient.row(row), width)
            }
          }
          Kernels.active.add(total, leaf, size)
        }
      }
    }
    try layout.forEachLane(elements: 2 * size, sum: sum, finish: laneFinished)
  }
}
