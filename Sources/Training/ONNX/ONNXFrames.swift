/// The frames of all sequences within a graph, `[batch, channels, frames]`: each sequence's own, then what stands beyond
/// its end because another is longer.
struct ONNXFrames {
  /// The value that holds them.
  var name: String
  /// Channels.
  var channels: Int
  /// Timesteps of a frame: a sequence of n timesteps has `ceil(n / frame)`.
  var frame: Int
  /// Whether beyond each sequence's end there are zeros.
  var isZeroBeyond = false
}
