import ArrayFiles

extension SequenceDataset {
  /// Copies a sequence's values as Float into `destination`, `[length, features]` in row-major order, and checks them.
  ///
  /// A stored integer beyond 2^24 is rounded to the nearest Float. Throws
  /// ``DataError/value(path:sequence:timestep:feature:value:expected:)`` at the first value that is not finite or, in a
  /// data set of categories, not an integer in `0 ..< count`. Complexity: O(length x features); one read and one write
  /// of each value. Safe to call from several threads at once.
  public func copyValues(of id: Int, into destination: UnsafeMutableBufferPointer<Float>) throws {
    let (shard, index) = locate(id)
    let range = shard.range(of: index)
    precondition(
      destination.count == range.count * features,
      "sequence \(id) of \(range.count) x \(features) values does not fit \(destination.count)")
    try withExtendedLifetime(shard.values) {
      let size = shard.values.element.byteCount
      let first = range.lowerBound * features * size
      let bytes = UnsafeRawBufferPointer(
        rebasing: shard.values.data[first..<first + destination.count * size])
      let checker = ValueChecker(kind: values)
      if let position = checker.copy(bytes, as: shard.values.element, into: destination) {
        throw DataError.value(
          path: shard.values.name, sequence: id, timestep: position / features, feature: position % features,
          value: ValueChecker.text(destination[position]), expected: checker.expectation)
      }
    }
  }
}

/// Converts stored values to Float and finds the first that its data set does not allow.
struct ValueChecker {
  let kind: ValueKind

  /// What a value should have been, for errors.
  var expectation: String {
    switch kind {
    case .reals: "a finite number"
    case .categories(let count): "a category, an integer in 0..<\(count)"
    }
  }

  /// A value as a person would write it: integers without a fraction.
  static func text(_ value: Float) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  /// Copies all values; returns the position of the first bad one, or nil.
  func copy(
    _ bytes: UnsafeRawBufferPointer, as element: NPYElement, into destination: UnsafeMutableBufferPointer<Float>
  ) -> Int? {
    switch element {
    case .uint8: copyIntegers(bytes, as: UInt8.self, into: destination)
    case .int16: copyIntegers(bytes, as: Int16.self, into: destination)
    case .int32: copyIntegers(bytes, as: Int32.self, into: destination)
    case .float32: copyFloats(bytes, into: destination)
    case .bool, .int64, .float64: preconditionFailure("values are never stored as \(element)")
    }
  }

  private func copyIntegers<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, as type: T.Type, into destination: UnsafeMutableBufferPointer<Float>
  ) -> Int? {
    var least = T.max
    var greatest = T.min
    for index in 0..<destination.count {
      let value = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: type)
      least = min(least, value)
      greatest = max(greatest, value)
      destination[index] = Float(value)
    }
    guard case .categories(let count) = kind, !destination.isEmpty, least < 0 || Int(greatest) >= count else {
      return nil
    }
    return firstBad(in: UnsafeBufferPointer(destination))
  }

  private func copyFloats(
    _ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
  ) -> Int? {
    UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
    return firstBad(in: UnsafeBufferPointer(destination))
  }

  /// The position of the first value that is not allowed, at or after `start`.
  func firstBad(in values: UnsafeBufferPointer<Float>, from start: Int = 0) -> Int? {
    switch kind {
    case .reals:
      var index = start
      while index < values.count {
        if !values[index].isFinite { return index }
        index &+= 1
      }
    case .categories(let count):
      let bound = Float(count)
      var index = start
      while index < values.count {
        let value = values[index]
        if !(value >= 0 && value < bound && value == value.rounded(.towardZero)) { return index }
        index &+= 1
      }
    }
    return nil
  }
}
