internal import CKernels

/// Sums that a normalisation needs of a convolution's output, gathered while that output is still in the cache.
public struct MomentSums {
  /// Value of each channel that is subtracted before summing: any, but the same on all ranks; near the mean it saves
  /// digits.
  public let pivot: ChannelVector
  /// Per carried lane `[2 × channels]`: Σ (x − pivot), then Σ (x − pivot)².
  public internal(set) var sums: LaneSums

  /// Zero sums about `pivot`.
  public init(pivot: [Float], lanes: Int) {
    self.pivot = ChannelVector(pivot)
    sums = LaneSums(lanes: lanes, count: 2 * pivot.count)
  }
}

/// Convolution over packed sequences.
public enum Convolution {
  /// `y[t, o] = bias[o] + Σ_k Σ_i x[t·stride − left + k·dilation, i]·weight[o, i, k]`, taps outside a sequence skipped.
  ///
  /// Chunk by chunk of leaves: the input map is applied to the rows that the chunk needs, the convolution runs on them, and the
  /// output's moments are summed, all within the cache.
  /// - Parameters:
  ///   - weight: `[outputChannels, inputChannels, kernel]`.
  ///   - bias: `[outputChannels]`, or none.
  ///   - precision: what is multiplied: in bfloat16 the mapped input and the weight are rounded. Of a sum in bfloat16
  ///     denormal numbers are zeros.
  ///   - moments: sums to add the output's moments to.
  /// - Returns: `[Σ ceil(length / stride), outputChannels]`.
  /// - Complexity: `2·in·out·kernel` FLOP a timestep; reads the input and writes the output once.
  public static func forward(
    _ geometry: ConvolutionGeometry, _ input: NormalisedInput, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, precision: Precision = .float32, moments: inout MomentSums?
  ) -> PackedTensor {
    let input = geometry.reachesFar ? NormalisedInput(input.materialised()) : input
    let x = input.tensor
    precondition(
      x.channels == geometry.inputChannels, "\(x.channels) channels given to a convolution of \(geometry.inputChannels)"
    )
    let output = PackedTensor(layout: x.layout.strided(by: geometry.stride), channels: geometry.outputChannels)
    let packed = PackedWeights(forward: weight, geometry, precision)
    let start = bias.map { ChannelVector(Array(UnsafeBufferPointer(start: $0, count: geometry.outputChannels))) }
    let (inputLayout, layout) = (x.layout, output.layout)
    let (inputRows, outputRows) = (RowAddresses(x), RowAddresses(output))
    // The addresses last as long as `input`, which its loaders keep, and `output`, which is returned.
    withLanes(of: &moments) { moments in
      withOptional(start) { bias in
        layout.forEachLane { lane in
          let kernels = ConvolutionKernels(precision, geometry, rows: geometry.inputRowsOfChunk)
          input.withLoader(geometry) { loader in
            layout.forEachChunk(of: geometry.leavesOfChunk, ofLane: lane) { sequence, rows in
              let (length, first) = (inputLayout.length(of: sequence), inputLayout.offsets[sequence])
              let read = geometry.inputRows(for: rows, length: length)
              let written = rows.moved(by: layout.offsets[sequence])
              let y = outputRows.row(written.lowerBound)
              var ahead = LeafAhead(
                reading: inputRows, behind: read.moved(by: first), writing: outputRows, behind: written)
              kernels.convolve(
                geometry.kernelParameters, loader.rows(read.moved(by: first)), rows: read.count, from: read.lowerBound,
                length: length, packed, bias: bias, to: y, rowStride: geometry.outputChannels, rows,
                ahead: &ahead.places)
              moments?.add(y, rows: rows.count, lane: lane)
            }
          }
        }
      }
    }
    return output
  }

  private static func withLanes(of moments: inout MomentSums?, _ body: (MomentSums.Lanes?) -> Void) {
    guard moments != nil else { return body(nil) }
    moments!.withLanes { body($0) }
  }

  private static func withOptional(_ vector: ChannelVector?, _ body: (UnsafePointer<Float>?) -> Void) {
    if let vector { vector.padded.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
  }
}

extension MomentSums {
  /// Adds the moments of a whole tensor, leaf by leaf.
  public mutating func add(_ x: PackedTensor) {
    withLanes { lanes in
      x.layout.forEachLane { lane in
        x.layout.forEachLeaf(ofLane: lane) { sequence, rows in
          lanes.add(x.row(x.layout.offsets[sequence] + rows.lowerBound), rows: rows.count, lane: lane)
        }
      }
    }
  }

  /// The lanes' sums, each to be added to by one thread.
  struct Lanes {
    fileprivate let pivot: UnsafePointer<Float>
    fileprivate let channels: Int
    fileprivate let sums: UnsafeMutablePointer<Double>

    /// Adds the moments of rows, the first of which begins a leaf: the kernel sums leaf by leaf.
    func add(_ x: UnsafePointer<Float>, rows: Int, lane: Int) {
      Kernels.active.moments(x, pivot, rows, channels, sums + lane * 2 * channels)
    }
  }

  mutating func withLanes(_ body: (Lanes) -> Void) {
    let channels = pivot.count
    pivot.padded.withUnsafeBufferPointer { pivot in
      sums.withAllLanes { body(Lanes(pivot: pivot.baseAddress!, channels: channels, sums: $0)) }
    }
  }
}
