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
    layout.shareLeaves(chunk: geometry.leavesOfChunk) { leaves in
      withLeaves(leaves, of: &moments) { moments in
        withOptional(start) { bias in
          leaves.run { next in
            let kernels = ConvolutionKernels(precision, geometry, rows: geometry.inputRowsOfChunk)
            input.withLoader(geometry) { loader in
              while let piece = next() {
                var sums = moments?.begin(piece)
                layout.forEachChunk(of: geometry.leavesOfChunk, in: piece) { sequence, rows in
                  let (length, first) = (inputLayout.length(of: sequence), inputLayout.offsets[sequence])
                  let read = geometry.inputRows(for: rows, length: length)
                  let written = rows.moved(by: layout.offsets[sequence])
                  let y = outputRows.row(written.lowerBound)
                  var ahead = LeafAhead(
                    reading: inputRows, behind: read.moved(by: first), writing: outputRows, behind: written)
                  kernels.convolve(
                    geometry.kernelParameters, loader.rows(read.moved(by: first)), rows: read.count,
                    from: read.lowerBound, length: length, packed, bias: bias, to: y,
                    rowStride: geometry.outputChannels, rows, ahead: &ahead.places)
                  sums?.add(y, rows: rows.count)
                }
                sums?.end()
              }
            }
          }
        }
      }
    }
    return output
  }

  private static func withLeaves(
    _ leaves: SharedLeaves, of moments: inout MomentSums?, _ body: (MomentSums.Leaves?) -> Void
  ) {
    guard moments != nil else { return body(nil) }
    moments!.withLeaves(leaves) { body($0) }
  }

  private static func withOptional(_ vector: ChannelVector?, _ body: (UnsafePointer<Float>?) -> Void) {
    if let vector { vector.padded.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
  }
}

extension MomentSums {
  /// Adds the moments of a whole tensor, leaf by leaf.
  public mutating func add(_ x: PackedTensor) {
    x.layout.shareLeaves { leaves in
      withLeaves(leaves) { moments in
        leaves.forEach { piece in
          var sums = moments.begin(piece)
          x.layout.forEachLeaf(in: piece) { sequence, rows in
            sums.add(x.row(x.layout.offsets[sequence] + rows.lowerBound), rows: rows.count)
          }
          sums.end()
        }
      }
    }
  }

  /// The sums as threads that share the leaves add to them.
  struct Leaves {
    fileprivate let pivot: UnsafePointer<Float>
    fileprivate let channels: Int
    fileprivate let sums: LeafSums

    /// The sums of a piece, to be ended by the thread that begins it.
    func begin(_ piece: LanePiece) -> Piece { Piece(leaves: self, place: sums.begin(piece)) }
  }

  /// The moments of one piece, while a thread forms them.
  struct Piece {
    fileprivate let leaves: Leaves
    fileprivate var place: LeafSums.Place

    /// Adds the moments of rows, the first of which begins a leaf: the kernel sums leaf by leaf.
    @inline(__always)
    mutating func add(_ x: UnsafePointer<Float>, rows: Int) {
      let (pivot, channels) = (leaves.pivot, leaves.channels)
      place.add(rows: rows) { rows, sums in
        Kernels.active.moments(x + rows.lowerBound * channels, pivot, rows.count, channels, sums)
      }
    }

    func end() { leaves.sums.end(place) }
  }

  fileprivate mutating func withLeaves(_ leaves: SharedLeaves, _ body: (Leaves) -> Void) {
    let channels = pivot.count
    pivot.padded.withUnsafeBufferPointer { pivot in
      sums.withLeaves(leaves) { body(Leaves(pivot: pivot.baseAddress!, channels: channels, sums: $0)) }
    }
  }
}
