import ArrayFiles

/// One RIFF/WAVE recording is one sequence: a timestep a frame, a feature a channel, full scale -1...1.
///
/// PCM of 8, 16, 24 and 32 bits and IEEE float of 32 bits, plain or extensible (Microsoft, "Multiple Channel Audio Data
/// and WAVE Files"). Integers are divided by 2^(bits - 1), which is exact up to 24 bits.
final class WAVSource: SequenceSource {
  private struct Format {
    let isFloat: Bool
    let channels: Int
    let bits: Int
    let sampleRate: Int
    var frameBytes: Int { channels * bits / 8 }
  }

  private let file: MappedFile
  private var isRead = false

  init(at path: String) throws { file = try DataError.wrap { try MappedFile(at: path) } }

  var isOneSequence: Bool { true }
  var bytesRead: Int { isRead ? file.count : 0 }

  private func damaged(_ reason: String) -> DataError { .damaged(file.path, reason) }

  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ offset: Int) throws -> Int {
    guard let value = file.load(type, at: offset) else { throw damaged("the recording is cut off at byte \(offset)") }
    return Int(T(littleEndian: value))
  }

  private func isTag(_ tag: StaticString, at offset: Int) -> Bool {
    guard let bytes = file.slice(from: offset, count: 4) else { return false }
    return tag.withUTF8Buffer { $0.elementsEqual(bytes) }
  }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    guard !isRead else { return false }
    isRead = true
    guard isTag("RIFF", at: 0), isTag("WAVE", at: 8) else { throw damaged("not a WAVE recording (RIFF)") }
    var format: Format?
    var position = 12
    while position + 8 <= file.count {
      let size = try load(UInt32.self, position + 4)
      if isTag("fmt ", at: position) { format = try readFormat(at: position + 8, size) }
      if isTag("data", at: position) {
        guard let format else { throw damaged("the samples come before their format") }
        guard let samples = file.slice(from: position + 8, count: size) else {
          throw damaged("\(size) bytes of samples are claimed, \(file.count - position - 8) are there; it is cut off")
        }
        guard PlantedDefect.isHere || size % format.frameBytes == 0 else {
          throw damaged("\(size) bytes are no whole frames of \(format.frameBytes) bytes")
        }
        sequence.features = format.channels
        sequence.sampleRate = format.sampleRate
        withExtendedLifetime(file) { WAVSource.convert(samples, format, into: &sequence.values) }
        return true
      }
      position += 8 + size + size % 2
    }
    throw damaged("there are no samples in it; it may be cut off")
  }

  private func readFormat(at offset: Int, _ size: Int) throws -> Format {
    var code = try load(UInt16.self, offset)
    if code == 0xFFFE, size >= 40 { code = try load(UInt16.self, offset + 24) }
    let channels = try load(UInt16.self, offset + 2)
    let bits = try load(UInt16.self, offset + 14)
    guard size >= 16, channels > 0 else { throw damaged("its format is damaged") }
    guard (code == 1 && [8, 16, 24, 32].contains(bits)) || (code == 3 && bits == 32) else {
      throw damaged("format \(code) of \(bits) bits is not read; convert it to PCM of 16 bits")
    }
    let format = Format(
      isFloat: code == 3, channels: channels, bits: bits, sampleRate: try load(UInt32.self, offset + 4))
    guard try load(UInt16.self, offset + 12) == format.frameBytes else {
      throw damaged("its frames do not have the size of \(channels) channels of \(bits) bits")
    }
    return format
  }

  private static func convert(_ samples: UnsafeRawBufferPointer, _ format: Format, into values: inout [Float]) {
    let bytes = format.bits / 8
    let count = samples.count / bytes
    values.reserveCapacity(count)
    switch (format.isFloat, format.bits) {
    case (true, _):
      for index in 0..<count {
        let bits = UInt32(littleEndian: samples.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        values.append(Float(bitPattern: bits))
      }
    case (_, 8):
      for index in 0..<count { values.append(Float(Int(samples[index]) - 128) * 0x1p-7) }
    case (_, 16):
      for index in 0..<count {
        let sample = Int16(littleEndian: samples.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
        values.append(Float(sample) * 0x1p-15)
      }
    case (_, 24):
      for index in 0..<count {
        let low = Int32(samples[index * 3]) | Int32(samples[index * 3 + 1]) << 8
        let high = Int32(Int8(bitPattern: samples[index * 3 + 2])) << 16
        values.append(Float(low | high) * 0x1p-23)
      }
    default:
      for index in 0..<count {
        let sample = Int32(littleEndian: samples.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        values.append(Float(sample) * 0x1p-31)
      }
    }
  }
}
