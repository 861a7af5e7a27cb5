import Networks
import SequenceData

extension Model {
  /// Analytic cost of the views of a sequence, in floating-point operations of a forward pass.
  var cost: @Sendable (_ length: Int) -> Int {
    let (encoder, objective) = (encoder, objective)
    return { length in objective.viewLengths(of: length).reduce(0) { $0 + encoder.cost(ofLength: $1) } }
  }

  /// Timesteps of the views of a sequence: what the encoder computes with.
  var computed: @Sendable (_ length: Int) -> Int {
    let objective = objective
    return { objective.viewLengths(of: $0).reduce(0, +) }
  }
}

extension Encoder {
  /// The receptive field in words.
  var field: String { receptiveField.map { Counted.text($0, "timestep") } ?? "the whole sequence" }
}
