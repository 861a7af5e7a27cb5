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
  /// Leaf by leaf: the input map is applied to the rows that the leaf needs, the convolution runs on them, and the
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
    withLanes(of: &moments) { moments in
      output.layout.forEachLane { lane in
        let loader = InputLoader(input, geometry)
        let kernels = ConvolutionKernels(precision, geometry, rows: geometry.inputRowsOfLeaf)
        output.layout.forEachLeaf(ofLane: lane) { sequence, rows in
          let length = x.layout.length(of: sequence)
          let read = geometry.inputRows(for: rows, length: length)
          let source = loader.rows(read, of: sequence)
          let y = output.row(output.layout.offsets[sequence] + rows.lowerBound)
          var ahead = LeafAhead(reading: x, behind: read, writing: output, behind: rows, of: sequence)
          withOptional(start) { bias in
            kernels.convolve(
              geometry.kernelParameters, source, rows: read.count, from: read.lowerBound, length: length, packed,
              bias: bias, to: y, rowStride: geometry.outputChannels, rows, ahead: &ahead.places)
          }
          moments?.add(y, rows: rows.count, lane: lane)
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

    /// Adds one leaf's moments.
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

/// Gives a convolution the input rows that a leaf needs, through the input's map.
///
/// A class, for the reason that an adjoint's parts are (Convolution+Adjoint.swift).
final class InputLoader {
  private let input: NormalisedInput
  private let scratch: Storage?

  init(_ input: NormalisedInput, _ geometry: ConvolutionGeometry) {
    self.input = input
    scratch =
      input.affine == nil ? nil : StoragePool.shared.lease(geometry.inputRowsOfLeaf * geometry.inputChannels)
  }

  /// A pointer to the first of `rows` of a sequence.
  func rows(_ rows: Range<Int>, of sequence: Int) -> UnsafePointer<Float> {
    let tensor = input.tensor
    let from = tensor.row(tensor.layout.offsets[sequence] + rows.lowerBound)
    guard let affine = input.affine, let scratch else { return UnsafePointer(from) }
    affine.scale.padded.withUnsafeBufferPointer { scale in
      affine.shift.padded.withUnsafeBufferPointer { shift in
        Kernels.active.affine_activation(
          from, scale.baseAddress, shift.baseAddress, input.activation.code, rows.count, tensor.channels, scratch.base)
      }
    }
    return UnsafePointer(scratch.base)
  }
}

/// Gives a convolution's adjoint the output-gradient rows that a leaf needs, through a normalisation's adjoint.
struct GradientLoader {
  private let gradient: NormalisedGradient
  private let scratch: Storage?

  /// - Parameter rows: the most rows that will be asked for at once.
  init(_ gradient: NormalisedGradient, rows: Int) {
    self.gradient = gradient
    scratch = gradient.adjoint == nil ? nil : StoragePool.shared.lease(rows * gradient.tensor.channels)
  }

  /// A pointer to the first of `rows` of a sequence.
  func rows(_ rows: Range<Int>, of sequence: Int) -> UnsafePointer<Float> {
    let tensor = gradient.tensor
    let at = tensor.layout.offsets[sequence] + rows.lowerBound
    guard let (input, adjoint) = gradient.adjoint, let scratch else { return UnsafePointer(tensor.row(at)) }
    adjoint.a.padded.withUnsafeBufferPointer { a in
      adjoint.b.padded.withUnsafeBufferPointer { b in
        adjoint.c.padded.withUnsafeBufferPointer { c in
          Kernels.active.affine_gradient(
            tensor.row(at), input.row(at), a.baseAddress, b.baseAddress, c.baseAddress, rows.count, tensor.channels,
            scratch.base)
        }
      }
    }
    return UnsafePointer(scratch.base)
  }
}
