/// Where sequences end.
extension ONNXBuilder {
  /// The true frames of each sequence, int64 `[batch]`: `ceil(length / frame)`.
  mutating func lengths(frame: Int) -> String {
    if frame == 1 { return ONNXBuilder.lengths }
    let name = "lengths.\(frame)"
    return knows(name) ? name : frames(in: ONNXBuilder.lengths, frame, name: name)
  }

  /// The numbers of all frames, padded ones too, int64 `[frames]`: 0, 1, 2, ….
  mutating func positions(frame: Int) -> String {
    let name = "positions.\(frame)"
    if knows(name) { return name }
    var count = add("Gather", [add("Shape", [ONNXBuilder.values]), constant(2)])
    if frame > 1 { count = frames(in: count, frame) }
    return add("Range", [constant(0), count, constant(1)], name: name)
  }

  /// Whether a frame is one of its sequence, bool `[batch, 1, frames]`.
  mutating func mask(frame: Int) -> String {
    let name = "mask.\(frame)"
    if knows(name) { return name }
    let ends = add("Unsqueeze", [lengths(frame: frame), constant([1, 2])])
    return add("Less", [positions(frame: frame), ends], name: name)
  }

  /// The frames with zeros beyond each sequence's end.
  mutating func masked(_ x: ONNXFrames) -> ONNXFrames {
    if x.isZeroBeyond { return x }
    let name = x.name + ".masked"
    if !knows(name) { _ = add("Where", [mask(frame: x.frame), x.name, constant(Float(0))], name: name) }
    return ONNXFrames(name: name, channels: x.channels, frame: x.frame, isZeroBeyond: true)
  }

  /// `ceil(timesteps / frame)`.
  private mutating func frames(in timesteps: String, _ frame: Int, name: String? = nil) -> String {
    add("Div", [add("Add", [timesteps, constant(frame - 1)]), constant(frame)], name: name)
  }
}
