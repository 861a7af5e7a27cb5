internal import CKernels

/// A row a sequence, repeated at each of its frames with the frame's place beside it: what a decoder needs that is to tell
/// a whole sequence from one row.
///
/// The place u = (f + ½) / frames, from 0 to 1, is given as cos(2^k·π·u) and sin(2^k·π·u), k = 0 ... 7 (features as in
/// Mildenhall et al. 2020, arXiv:2003.08934), so that a stretch of a few hundredths is told from its neighbours.
public enum PlacedRows {
  /// Powers of two of frequencies.
  private static let octaves = 8
  /// Channels of a place.
  public static let places = 2 * octaves

  /// `[frames, channels + places]` of `[sequences, channels]`.
  public static func forward(_ rows: PackedTensor, to layout: RaggedLayout) -> PackedTensor {
    precondition(
      rows.layout.timesteps == layout.sequences, "\(rows.layout.timesteps) rows for \(layout.sequences) sequences")
    var tables: [Int: [Float]] = [:]
    for sequence in 0..<layout.sequences where tables[layout.length(of: sequence)] == nil {
      tables[layout.length(of: sequence)] = table(of: layout.length(of: sequence))
    }
    let known = tables
    let output = PackedTensor(layout: layout, channels: rows.channels + places)
    Workers.forEach(layout.sequences) { sequence in
      let table = known[layout.length(of: sequence)]!
      for (frame, row) in layout.rows(of: sequence).enumerated() {
        output.row(row).update(from: rows.row(sequence), count: rows.channels)
        for k in 0..<places { output.row(row)[rows.channels + k] = table[frame * places + k] }
      }
    }
    return output
  }

  /// The adjoint of ``forward(_:to:)`` with respect to the rows: sums over each sequence's frames, leaf by leaf and in
  /// Double beyond.
  public static func backward(_ gradient: PackedTensor) -> PackedTensor {
    let layout = gradient.layout
    let output = PackedTensor(layout: layout.pooled, channels: gradient.channels - places)
    Workers.forEach(layout.sequences) { sequence in
      var sums = [Double](repeating: 0, count: gradient.channels)
      sums.withUnsafeMutableBufferPointer {
        Kernels.active.column_sums_double(
          gradient.row(layout.offsets[sequence]), layout.length(of: sequence), gradient.channels, $0.baseAddress)
      }
      for c in 0..<output.channels { output.row(sequence)[c] = Float(sums[c]) }
    }
    return output
  }

  /// The places of a sequence of `length` frames, `[length, places]`.
  private static func table(of length: Int) -> [Float] {
    (0..<length).flatMap { frame in
      (0..<octaves).flatMap { k -> [Float] in
        let half = (Double(frame) + 0.5) / Double(length) / 2
        let (cosine, sine) = Elementary.cosineAndSine(turns: half * Double(1 << k))
        return [Float(cosine), Float(sine)]
      }
    }
  }
}
