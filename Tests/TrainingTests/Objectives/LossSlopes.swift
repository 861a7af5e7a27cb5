import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Checks that a model's gradients are the slopes of its loss, parameter by parameter.
struct LossSlopes: ModelUser {
  let batch: Batch
  /// Parameters that the loss does not depend on.
  var idle: Set<String> = []

  /// Builds the model of a recipe and checks, on a batch, the parameters whose turn it is.
  static func check(
    _ yaml: String, _ data: DataDescription, _ batch: Batch, seed: UInt64 = 4, idle: Set<String> = []
  ) throws {
    let recipe = try Recipe(yaml: yaml)
    try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: data, seed: seed, isEncoderFrozen: false,
      for: LossSlopes(batch: batch, idle: idle))
  }

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
    // No gradient goes by averaged weights: they stay.
    let average = model.store.copy()
    func pass() throws -> (loss: Double, areMomentsFinite: Bool, gradients: GradientArena) {
      try model.gradients(ofAlone: batch, seed: 1, epoch: 0, average: average)
    }
    let arena = try pass().gradients
    func loss() throws -> Double { try pass().loss }
    let middle = try loss()
    let rounding = 3e-4 * abs(middle)
    let turn = model.objective.turn(at: batch.step)
    for parameter in model.store.parameters where model.objective.trains(parameter, in: turn) {
      var gradients: [Double] = []
      var slopes: [Double] = []
      let values = model.store[parameter]
      for index in stride(from: 0, to: parameter.count, by: max(1, parameter.count / 7)) {
        var (above, below) = (values, values)
        above[index] += 5e-4
        below[index] -= 5e-4
        model.store[parameter] = above
        let up = try loss()
        model.store[parameter] = below
        let down = try loss()
        model.store[parameter] = values
        let gradient = Double(arena.total[parameter.range.lowerBound + index])
        // Where a corner, of a ReLU or of Huber's loss, lies within one step, the other side tells.
        let sides = [
          (up - down) / Double(above[index] - below[index]), (up - middle) / Double(above[index] - values[index]),
          (middle - down) / Double(values[index] - below[index]),
        ]
        slopes.append(sides.min { abs($0 - gradient) < abs($1 - gradient) }!)
        gradients.append(gradient)
      }
      // Rounding of the loss is a thousandth of such a slope. A bias before batch norm has none, but for rounding.
      let scale = max(0.05, slopes.map(abs).max()!)
      let isFlat = ["conv1.bias", "conv2.bias", "conv.bias", "linear.bias"].contains(where: parameter.name.hasSuffix)
      if idle.contains(parameter.name) {
        #expect(slopes.allSatisfy { abs($0) < 0.005 }, "\(parameter.name) matters: \(slopes)")
      } else if !isFlat {
        #expect(slopes.contains { abs($0) > 0.005 }, "\(parameter.name) hardly matters: \(slopes)")
      }
      let difference = Compare.close(
        parameter.name, gradients, slopes, tolerance: 0.05 * scale + (isFlat ? rounding : 0))
      #expect(difference == nil)
    }
  }
}
