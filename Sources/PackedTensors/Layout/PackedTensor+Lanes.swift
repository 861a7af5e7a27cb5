/// Packed tensors side by side, lane by lane: how several views of the same sequences pass through one network.
extension RaggedLayout {
  /// The sequences of several layouts that carry the same lanes: of each lane those of the first layout, then those of
  /// the second, and so on.
  public init(joining parts: [RaggedLayout]) {
    let lanes = parts.first?.carriedLanes ?? 0
    precondition(parts.allSatisfy { $0.carriedLanes == lanes }, "the parts carry different numbers of lanes")
    var (lengths, bounds): ([Int], [Int]) = ([], [0])
    for lane in 0..<lanes {
      for part in parts { lengths += part.sequences(ofLane: lane).map(part.length(of:)) }
      bounds.append(lengths.count)
    }
    self.init(lengths: lengths, laneBounds: bounds, globalLengths: parts.flatMap(\.globalLengths))
  }

  /// A value of each sequence of several layouts, in the order in which ``init(joining:)`` joins them.
  public static func join<Value>(_ values: [[Value]], of layouts: [RaggedLayout]) -> [Value] {
    precondition(
      values.map(\.count) == layouts.map(\.sequences),
      "\(values.map(\.count)) values for \(layouts.map(\.sequences)) sequences")
    let lanes = layouts.first?.carriedLanes ?? 0
    precondition(layouts.allSatisfy { $0.carriedLanes == lanes }, "the layouts carry different numbers of lanes")
    return (0..<lanes).flatMap { lane in
      zip(values, layouts).flatMap { values, layout in values[layout.sequences(ofLane: lane)] }
    }
  }

  /// Some of the sequences, each in its lane. The global batch stays what it was.
  /// - Parameter chosen: their indices, ascending.
  public func only(_ chosen: [Int]) -> RaggedLayout {
    RaggedLayout(
      lengths: chosen.map(length(of:)), laneBounds: laneBounds.map { bound in chosen.count { $0 < bound } },
      globalLengths: globalLengths)
  }
}

extension RaggedLayout {
  /// All rows of a carried lane, which lie together.
  fileprivate func rows(ofLane lane: Int) -> Range<Int> { offsets[laneBounds[lane]]..<offsets[laneBounds[lane + 1]] }
}

extension PackedTensor {
  /// The rows of several tensors of as many channels, laid out as ``RaggedLayout/init(joining:)`` does. One copy.
  public init(joining parts: [PackedTensor]) {
    self.init(layout: RaggedLayout(joining: parts.map(\.layout)), channels: parts[0].channels)
    precondition(parts.allSatisfy { $0.channels == parts[0].channels }, "the parts have different numbers of channels")
    var row = 0
    for lane in 0..<layout.carriedLanes {
      for part in parts {
        let rows = part.layout.rows(ofLane: lane)
        self.row(row).update(from: part.row(rows.lowerBound), count: rows.count * channels)
        row += rows.count
      }
    }
  }

  /// The rows of some of the sequences, laid out as ``RaggedLayout/only(_:)`` does. One copy.
  public func only(_ chosen: [Int]) -> PackedTensor {
    let part = PackedTensor(layout: layout.only(chosen), channels: channels)
    for (index, sequence) in chosen.enumerated() {
      let rows = layout.rows(of: sequence)
      part.row(part.layout.offsets[index]).update(from: row(rows.lowerBound), count: rows.count * channels)
    }
    return part
  }

  /// Whether each sequence of the joined layouts is of the first.
  public static func isOfFirst(_ layouts: [RaggedLayout]) -> [Bool] {
    RaggedLayout.join(
      layouts.enumerated().map { index, layout in Array(repeating: index == 0, count: layout.sequences) }, of: layouts)
  }

  /// The tensors that ``init(joining:)`` joined, or others of the same layouts. One copy.
  public func parts(_ layouts: [RaggedLayout]) -> [PackedTensor] { layouts.indices.map { part($0, of: layouts) } }

  /// One of ``parts(_:)``.
  public func part(_ index: Int, of layouts: [RaggedLayout]) -> PackedTensor {
    let part = PackedTensor(layout: layouts[index], channels: channels)
    forEachLane(ofPart: index, of: layouts) { row, rows in
      part.row(rows.lowerBound).update(from: self.row(row), count: rows.count * channels)
    }
    return part
  }

  /// Overwrites one of ``parts(_:)``.
  public func replace(_ index: Int, of layouts: [RaggedLayout], with part: PackedTensor) {
    precondition(
      part.layout.offsets == layouts[index].offsets && part.channels == channels, "another layout than the part's")
    forEachLane(ofPart: index, of: layouts) { row, rows in
      self.row(row).update(from: part.row(rows.lowerBound), count: rows.count * channels)
    }
  }

  /// Visits the lanes of a part: their first row here, and their rows in the part.
  private func forEachLane(
    ofPart index: Int, of layouts: [RaggedLayout], _ body: (_ row: Int, _ rows: Range<Int>) -> Void
  ) {
    var row = 0
    for lane in 0..<layout.carriedLanes {
      for (number, part) in layouts.enumerated() {
        let rows = part.rows(ofLane: lane)
        if number == index { body(row, rows) }
        row += rows.count
      }
    }
    precondition(row == layout.timesteps, "the layouts have \(row) timesteps, the tensor \(layout.timesteps)")
  }
}
