import PackedTensors

/// Draws spans of frames that do not overlap.
enum SpanDrawing {
  /// A byte a frame: 1 where it is hidden.
  ///
  /// `round(ratio·frames / span)` spans, at least one, are placed so that every arrangement without overlap is equally
  /// likely: as many positions are drawn from the frames that stay and the spans together. At least one frame stays,
  /// unless there is only one.
  /// - Parameter sequence: the data set's id.
  static func flags(frames: Int, ratio: Double, span: Int, key: RandomKey, sequence: Int) -> [UInt8] {
    var flags = [UInt8](repeating: 0, count: frames)
    guard frames > 0 else { return flags }
    let length = min(span, max(1, frames - 1))
    let most = max(1, (frames - 1) / length)
    let spans = min(most, max(1, Int((ratio * Double(frames) / Double(length)).rounded())))
    // Choose `spans` of `places` by selection sampling (Knuth, TAOCP 3.4.2, algorithm S).
    let places = frames - spans * (length - 1)
    var (chosen, frame) = (0, 0)
    for place in 0..<places where frame < frames {
      let u = key.uniformDouble(sequence: sequence, timestep: place)
      if Double(places - place) * u < Double(spans - chosen) {
        for f in frame..<min(frame + length, frames) { flags[f] = 1 }
        chosen += 1
        frame += length
      } else {
        frame += 1
      }
    }
    return flags
  }
}
