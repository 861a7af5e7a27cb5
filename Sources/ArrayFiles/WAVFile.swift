/// Writes recordings as RIFF/WAVE files of 16-bit PCM (Microsoft, "Multiple Channel Audio Data and WAVE Files").
public enum WAVFile {
  /// The most channels that a file can tell of.
  public static let mostChannels = 32_767

  /// Writes frames `[frames, channels]`, full scale −1...1; what lies beyond is clipped.
  /// - Returns: how many samples were clipped.
  /// - Throws: `FileError` where the file cannot be written.
  @discardableResult
  public static func write(_ samples: [Float], channels: Int, rate: Int, to path: String) throws(FileError) -> Int {
    precondition((1...mostChannels).contains(channels), "\(channels) channels cannot be written")
    precondition(samples.count % channels == 0, "\(samples.count) samples are no frames of \(channels) channels")
    precondition(samples.count < 1 << 30, "\(samples.count) samples do not fit into a file of 4 GiB")
    let bytes = 2 * samples.count
    var file: [UInt8] = []
    file.reserveCapacity(44 + bytes)
    func put<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { file += $0 } }
    file += "RIFF".utf8
    put(UInt32(36 + bytes))
    file += "WAVEfmt ".utf8
    put(UInt32(16))
    put(UInt16(1))
    put(UInt16(channels))
    put(UInt32(rate))
    put(UInt32(truncatingIfNeeded: rate * channels * 2))
    put(UInt16(channels * 2))
    put(UInt16(16))
    file += "data".utf8
    put(UInt32(bytes))
    var clipped = 0
    for sample in samples {
      let value = (Double(sample) * 32_768).rounded()
      if !(-32_768...32_767).contains(value) { clipped += 1 }
      put(Int16(min(max(value, -32_768), 32_767)))
    }
    try AtomicFile.write(file, to: path)
    return clipped
  }
}
