/// Channels side by side, timestep by timestep.
extension PackedTensor {
  /// The channels of several tensors of one layout, one tensor's after another's. One copy.
  public init(joiningChannels parts: [PackedTensor]) {
    self.init(layout: parts[0].layout, channels: parts.reduce(0) { $0 + $1.channels })
    precondition(parts.allSatisfy { $0.layout == layout }, "the parts have different layouts")
    var column = 0
    for part in parts {
      for row in 0..<layout.timesteps {
        (self.row(row) + column).update(from: part.row(row), count: part.channels)
      }
      column += part.channels
    }
  }

  /// A tensor of its own with the same elements.
  public func copy() -> PackedTensor {
    let copy = PackedTensor(layout: layout, channels: channels)
    copy.base.update(from: base, count: count)
    return copy
  }
}
