import ArrayFiles

/// Arrays of an `.npz` archive, in one of two forms.
///
/// Ragged: `values` [timesteps, features] or [timesteps], and `offsets` [n+1]. Equal lengths: `X` [n, timesteps] or
/// [n, timesteps, features]. With either, if wanted, `labels` (or `y`), `splits` and `groups`, [n] integers; a negative
/// label is none. Values are streamed, whether stored or deflated.
final class NPZSource: SequenceSource {
  private let archive: NPZFile
  private let stream: NPZStream
  private let offsets: NPYFile?
  private let length: Int
  private let features: Int
  private let count: Int
  private let labels: NPYFile?
  private let splits: NPYFile?
  private let groups: NPYFile?
  private var index = 0
  private(set) var bytesRead = 0

  init(at path: String) throws {
    (archive, stream) = try DataError.wrap {
      let archive = try NPZFile(at: path)
      let ragged = archive.names.contains("values")
      guard ragged || archive.names.contains("X") else {
        let names = archive.names.prefix(20).joined(separator: ", ")
        throw DataError.damaged(path, "holds \(names); expected values and offsets, or X")
      }
      return (archive, try archive.stream(ragged ? "values" : "X"))
    }
    let shape = stream.header.shape
    if archive.names.contains("values") {
      guard (1...2).contains(shape.count) else {
        throw DataError.damaged(stream.name, "its shape is \(shape); expected [timesteps, features]")
      }
      let offsets = try NPZSource.integers(archive, ["offsets"], count: nil)
      let last = (offsets?.shape[0] ?? 0) - 1
      guard let offsets, last >= 0, offsets.integer(at: 0) == 0, offsets.integer(at: last) == shape[0] else {
        throw DataError.damaged(
          path, "offsets are missing, or do not go from 0 to the \(shape[0]) timesteps of values")
      }
      var previous = 0
      for index in 0..<last {
        let next = offsets.integer(at: index + 1)
        guard next > previous else {
          throw DataError.entry(
            path: archive.path + "(offsets.npy)", sequence: index, index: index,
            reason: "the offsets \(previous) and \(next) do not rise")
        }
        previous = next
      }
      self.offsets = offsets
      (count, length, features) = (last, 0, shape.count == 2 ? shape[1] : 1)
    } else {
      guard (2...3).contains(shape.count) else {
        throw DataError.damaged(
          stream.name, "its shape is \(shape); expected [n, timesteps] or [n, timesteps, features]")
      }
      offsets = nil
      (count, length, features) = (shape[0], shape[1], shape.count == 3 ? shape[2] : 1)
    }
    guard (1...DatasetManifest.mostFeatures).contains(features), count == 0 || offsets != nil || length > 0 else {
      throw DataError.damaged(stream.name, "its shape is \(shape), in which there is nothing")
    }
    labels = try NPZSource.integers(archive, ["labels", "y"], count: count)
    splits = try NPZSource.integers(archive, ["splits"], count: count)
    groups = try NPZSource.integers(archive, ["groups"], count: count)
  }

  /// The first array of these names, integers of shape `[count]`, which is held against its header before it is read.
  private static func integers(_ archive: NPZFile, _ names: [String], count: Int?) throws -> NPYFile? {
    guard let name = names.first(where: archive.names.contains) else { return nil }
    return try DataError.wrap {
      let stream = try archive.stream(name)
      let (element, shape) = (stream.header.element, stream.header.shape)
      guard element != .float32, element != .float64, shape.count == 1, count == nil || shape[0] == count else {
        throw DataError.damaged(
          stream.name,
          "holds \(element.descriptor) of shape \(shape); expected integers of shape "
            + "[\(count.map(String.init) ?? "n+1")]")
      }
      return try archive.array(name)
    }
  }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    guard index < count else { return false }
    let timesteps = offsets.map { $0.integer(at: index + 1) - $0.integer(at: index) } ?? length
    sequence.features = features
    sequence.label = labels.flatMap { NPZSource.name($0.integer(at: index)) }
    sequence.group = groups.flatMap { NPZSource.name($0.integer(at: index)) }
    if let split = splits?.integer(at: index) {
      guard let known = UInt8(exactly: split).flatMap(Split.init(rawValue:)) else {
        throw DataError.entry(
          path: archive.path + "(splits.npy)", sequence: index, index: index, reason: "the split is \(split)")
      }
      sequence.split = known
    }
    try DataError.wrap { try read(timesteps * features, into: &sequence.values) }
    index += 1
    return true
  }

  private static func name(_ number: Int) -> String? { number < 0 ? nil : String(number) }

  /// Reads so many values, in pieces: what the header claims is not allocated before it has been found there.
  private func read(_ count: Int, into values: inout [Float]) throws {
    func convert<T: BitwiseCopyable>(_ zero: T, _ float: (T) -> Float) throws {
      var left = count
      while left > 0 {
        var piece = Array(repeating: zero, count: min(left, 1 << 16))
        let got = try stream.read(into: &piece)
        guard got > 0 else { throw DataError.damaged(stream.name, "it is cut off") }
        for element in piece[..<got] { values.append(float(element)) }
        left -= got
      }
      bytesRead += count * MemoryLayout<T>.stride
    }
    switch stream.header.element {
    case .bool, .uint8: try convert(UInt8(0)) { Float($0) }
    case .int16: try convert(Int16(0)) { Float($0) }
    case .int32: try convert(Int32(0)) { Float($0) }
    case .int64: try convert(Int64(0)) { Float($0) }
    case .float32: try convert(Float(0)) { $0 }
    case .float64: try convert(Double(0)) { Float($0) }
    }
  }
}
