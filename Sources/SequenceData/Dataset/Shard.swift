import ArrayFiles

/// One shard of a data set: its mapped arrays. Everything but the values has been checked.
struct Shard: Sendable {
  /// Its place in `dataset.json`.
  let index: Int
  /// The id of its first sequence.
  let firstID: Int
  /// How many sequences it holds.
  let count: Int
  /// How many timesteps it holds.
  let timesteps: Int
  let features: Int
  let values: NPYFile
  let offsets: NPYFile
  let labels: NPYFile?
  let splits: NPYFile?
  let groups: NPYFile?
  /// A line for each sequence, in UTF-8.
  let names: MappedFile?

  /// The timesteps of its sequence `index`.
  func range(of index: Int) -> Range<Int> {
    let start = Int(truncatingIfNeeded: offsets.value(at: index, as: Int64.self))
    let end = Int(truncatingIfNeeded: offsets.value(at: index + 1, as: Int64.self))
    // Checked at opening; checked again since the file may have been changed under the mapping.
    precondition(
      start >= 0 && start < end && end <= timesteps, "\(offsets.name) was changed while it was in use")
    return start..<end
  }

  /// Opens and checks a shard. Each defect goes to `report`, which may throw to stop at the first.
  ///
  /// Returns nil where a defect leaves nothing that could be read. Complexity: O(sequences); the values are not
  /// touched.
  static func open(
    _ files: DatasetManifest.ShardFiles, index: Int, firstID: Int, manifest: DatasetManifest, folder: String,
    report: (DataError) throws -> Void
  ) throws -> Shard? {
    func array(_ file: String) throws -> NPYFile? {
      do {
        return try NPYFile(at: folder + "/" + file)
      } catch FileError.missing(let path, _) {
        try report(.file(.missing(path: path, advice: "dataset.json names it; copy the whole folder")))
      } catch {
        try report(.file(error))
      }
      return nil
    }
    func expect(_ array: NPYFile?, _ element: NPYElement, shape: [Int]) throws -> NPYFile? {
      guard let array else { return nil }
      if array.element == element, array.shape == shape { return array }
      try report(
        .damaged(
          array.name,
          "holds \(array.element.descriptor) of shape \(array.shape); expected \(element.descriptor) of shape \(shape)"
            + remedy(array.element, element))
      )
      return nil
    }
    func remedy(_ found: NPYElement, _ wanted: NPYElement) -> String {
      found == wanted ? "" : " (in NumPy .astype(np.\(wanted)))"
    }
    func lines(_ file: String, count: Int) throws -> MappedFile? {
      do {
        let mapped = try MappedFile(at: folder + "/" + file)
        let found = withExtendedLifetime(mapped) { mapped.bytes.count { $0 == 0x0A } }
        if found == count, count == 0 || mapped.bytes[mapped.count - 1] == 0x0A { return mapped }
        try report(.damaged(mapped.path, "holds \(found) whole lines; expected one for each of \(count) sequences"))
      } catch FileError.missing(let path, _) {
        try report(.file(.missing(path: path, advice: "dataset.json names it; copy the whole folder")))
      } catch let error as FileError {
        try report(.file(error))
      }
      return nil
    }
    let values = try array(files.values)
    var offsets = try array(files.offsets)
    if let array = offsets, array.shape.count != 1 || array.shape[0] < 1 || array.element != .int64 {
      try report(
        .damaged(
          array.name,
          "holds \(array.element.descriptor) of shape \(array.shape); expected <i8 of shape [n+1]"
            + remedy(array.element, .int64)))
      offsets = nil
    }
    guard let values, let offsets else { return nil }
    let stored: [NPYElement] = [.uint8, .int16, .int32, .float32]
    guard values.shape.count == 2, values.shape[1] == manifest.features, stored.contains(values.element) else {
      try report(
        .damaged(
          values.name,
          "holds \(values.element.descriptor) of shape \(values.shape); expected |u1, <i2, <i4 or <f4 of shape "
            + "[timesteps, \(manifest.features)]"
            + (stored.contains(values.element)
              ? "" : remedy(values.element, values.element == .float64 ? .float32 : .int32))))
      return nil
    }
    let count = offsets.shape[0] - 1
    let shard = Shard(
      index: index, firstID: firstID, count: count, timesteps: values.shape[0], features: manifest.features,
      values: values, offsets: offsets,
      labels: try expect(files.labels.flatMap { try array($0) }, .int32, shape: [count]),
      splits: try expect(files.splits.flatMap { try array($0) }, .uint8, shape: [count]),
      groups: try expect(files.groups.flatMap { try array($0) }, .int32, shape: [count]),
      names: try files.names.flatMap { try lines($0, count: count) })
    let sound = try shard.checkOffsets(report)
    try shard.checkLabels(classes: manifest.classes?.count ?? 0, report)
    try shard.checkSplits(report)
    return sound ? shard : nil
  }

  /// Whether the offsets cut the values into sequences of at least one timestep each.
  private func checkOffsets(_ report: (DataError) throws -> Void) throws -> Bool {
    func wrong(_ index: Int, _ reason: String) -> DataError {
      .entry(path: offsets.name, sequence: firstID + index, index: index, reason: reason)
    }
    var sound = true
    var previous = offsets.value(at: 0, as: Int64.self)
    if previous != 0 {
      sound = false
      try report(wrong(0, "the first offset is \(previous); expected 0"))
    }
    for index in 0..<count {
      let next = offsets.value(at: index + 1, as: Int64.self)
      if next <= previous {
        sound = false
        try report(
          next == previous
            ? wrong(index, "the sequence is empty (offsets \(previous) and \(next)); remove it")
            : wrong(index, "the offsets fall from \(previous) to \(next); they must rise"))
      }
      previous = next
    }
    if !PlantedDefect.isHere, previous != Int64(timesteps) {
      sound = false
      try report(
        wrong(
          max(0, count - 1), "the offsets end at \(previous), but \(values.name) holds \(timesteps) timesteps"))
    }
    return sound
  }

  private func checkLabels(classes: Int, _ report: (DataError) throws -> Void) throws {
    guard let labels else { return }
    for index in 0..<count {
      let label = labels.value(at: index, as: Int32.self)
      if label < -1 || Int(label) >= classes {
        let expected = classes == 0 ? "-1, since there are no classes" : "-1 (none) or 0..<\(classes)"
        try report(
          .entry(
            path: labels.name, sequence: firstID + index, index: index,
            reason: "the label is \(label); expected \(expected)"))
      }
    }
  }

  private func checkSplits(_ report: (DataError) throws -> Void) throws {
    guard let splits else { return }
    for index in 0..<count {
      let split = splits.value(at: index, as: UInt8.self)
      if Split(rawValue: split) == nil {
        try report(
          .entry(
            path: splits.name, sequence: firstID + index, index: index,
            reason: "the split is \(split); expected 0 (train), 1 (validation) or 2 (test)"))
      }
    }
  }
}
