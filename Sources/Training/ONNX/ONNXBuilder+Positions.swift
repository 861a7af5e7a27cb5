import ArrayFiles
import PackedTensors

/// How attention knows the order of frames, and which it sees.
extension ONNXBuilder {
  /// Whether a frame, the last dimension, is seen from another, the one before it: bool, `[batch, 1, 1, frames]` or,
  /// where none sees later ones, `[batch, 1, frames, frames]`.
  mutating func seenFrames(frame: Int, causal: Bool) -> String {
    let own = add("Unsqueeze", [mask(frame: frame), constant([1])])
    if !causal { return own }
    let positions = positions(frame: frame)
    let isNotLater = add("LessOrEqual", [positions, add("Unsqueeze", [positions, constant([1])])])
    return add("And", [own, isNotLater])
  }

  /// Sines of the frames' numbers in the even channels and cosines in the odd ones, `[frames, channels]`; see
  /// ``Positions``.
  mutating func waves(frame: Int, channels: Int) -> String {
    let turns = Positions.turnsPerTimestep(channels: channels + channels % 2)
    return sines(frame: frame, (0..<channels).map { (turns[$0 / 2], $0 % 2 == 0 ? 0 : 0.25) })
  }

  /// Cosines and sines of the angles by which the halves of a head are turned, `[frames, channels / 2]` each.
  mutating func turns(frame: Int, channels: Int) -> (cosines: String, sines: String) {
    let turns = Positions.turnsPerTimestep(channels: channels)
    return (sines(frame: frame, turns.map { ($0, 0.25) }), sines(frame: frame, turns.map { ($0, 0) }))
  }

  /// `[…, frames, depth]` with each pair of channels c and c + depth / 2 turned by its angle.
  mutating func turned(_ x: String, _ turns: (cosines: String, sines: String)) -> String {
    let halves = add("Split", [x], ["axis": .integer(-1)], outputs: 2)
    let first = add(
      "Sub", [add("Mul", [halves[0], turns.cosines]), add("Mul", [halves[1], turns.sines])])
    let second = add(
      "Add", [add("Mul", [halves[1], turns.cosines]), add("Mul", [halves[0], turns.sines])])
    return add("Concat", [first, second], ["axis": .integer(-1)])
  }

  /// `sin(2π(t·turns + start))` of every frame t, `[frames, channels]`. Whole turns are taken away in Double: at frame
  /// 30,000 an angle in Float would be off by a thousandth.
  private mutating func sines(frame: Int, _ channels: [(turns: Double, start: Double)]) -> String {
    let numbers = add("Cast", [positions(frame: frame)], ["to": .integer(11)])
    let column = add("Unsqueeze", [numbers, constant([1])])
    let turned = add("Mul", [column, constant(.float64(channels.map(\.turns)), [channels.count])])
    let started = add("Add", [turned, constant(.float64(channels.map(\.start)), [channels.count])])
    let rest = add("Cast", [add("Sub", [started, add("Floor", [started])])], ["to": .integer(1)])
    return add("Sin", [add("Mul", [rest, constant(Float(2 * Elementary.pi))])])
  }
}
