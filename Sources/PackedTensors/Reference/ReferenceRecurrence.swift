/// A recurrent layer's direction over one sequence in Double, by its definition.
///
/// Arrays are row-major: `projected [length, gates·width]` is the input's part of the gates, `weight [gates·width, width]`,
/// `bias [gates·width]`; hidden states `[length, width]`.
public struct ReferenceRecurrence {
  private let cell: RecurrentCell
  private let width: Int
  private let isReversed: Bool
  private let weight, bias: [Double]
  private var columns: Int { cell.gates * width }

  /// A recurrence with its weights.
  public init(_ recurrence: Recurrence, weight: [Double], bias: [Double]) {
    cell = recurrence.cell
    width = recurrence.width
    isReversed = recurrence.isReversed
    self.weight = weight
    self.bias = bias
  }

  /// A timestep's gates, cell and hidden state; `product` is the state's part of the gates.
  private struct Step {
    var gates, product, cell, hidden: [Double]
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + Elementary.exp(-x)) }

  private func tanh(_ x: Double) -> Double { 1 - 2 / (1 + Elementary.exp(2 * x)) }

  private func step(_ projected: ArraySlice<Double>, before: Step) -> Step {
    let a = Array(projected)
    var product = bias
    for row in 0..<columns { for j in 0..<width { product[row] += weight[row * width + j] * before.hidden[j] } }
    var next = before
    var gates = [Double](repeating: 0, count: columns)
    for j in 0..<width {
      let places = (0..<cell.gates).map { $0 * width + j }
      switch cell {
      case .lstm:
        let (i, f) = (sigmoid(a[places[0]] + product[places[0]]), sigmoid(a[places[1]] + product[places[1]]))
        let (g, o) = (tanh(a[places[2]] + product[places[2]]), sigmoid(a[places[3]] + product[places[3]]))
        next.cell[j] = f * before.cell[j] + i * g
        next.hidden[j] = o * tanh(next.cell[j])
        for (place, gate) in zip(places, [i, f, g, o]) { gates[place] = gate }
      case .gru:
        let (r, z) = (sigmoid(a[places[0]] + product[places[0]]), sigmoid(a[places[1]] + product[places[1]]))
        let n = tanh(a[places[2]] + r * product[places[2]])
        next.hidden[j] = (1 - z) * n + z * before.hidden[j]
        for (place, gate) in zip(places, [r, z, n]) { gates[place] = gate }
      }
    }
    (next.gates, next.product) = (gates, product)
    return next
  }

  /// Timesteps in the order in which they are computed.
  private func order(_ length: Int) -> [Int] { isReversed ? (0..<length).reversed() : Array(0..<length) }

  private func steps(_ projected: [Double], length: Int) -> (start: Step, steps: [Step]) {
    let zeros = [Double](repeating: 0, count: width)
    let start = Step(gates: [], product: [], cell: zeros, hidden: zeros)
    var steps: [Step] = []
    for t in order(length) {
      steps.append(step(projected[t * columns..<(t + 1) * columns], before: steps.last ?? start))
    }
    return (start, steps)
  }

  /// Hidden states.
  public func forward(_ projected: [Double], length: Int) -> [Double] {
    var hidden = [Double](repeating: 0, count: length * width)
    for (t, step) in zip(order(length), steps(projected, length: length).steps) {
      for j in 0..<width { hidden[t * width + j] = step.hidden[j] }
    }
    return hidden
  }

  /// Gradients of the input's part of the gates, of the weight and of the bias, for one of the hidden states.
  public func backward(_ projected: [Double], gradient: [Double], length: Int) -> (
    projected: [Double], weight: [Double], bias: [Double]
  ) {
    let (start, steps) = steps(projected, length: length)
    var result = (
      projected: [Double](repeating: 0, count: projected.count), weight: [Double](repeating: 0, count: weight.count),
      bias: [Double](repeating: 0, count: columns)
    )
    var (dh, dc) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    for (index, t) in order(length).enumerated().reversed() {
      let (now, before) = (steps[index], index == 0 ? start : steps[index - 1])
      var product = [Double](repeating: 0, count: columns)
      var past = [Double](repeating: 0, count: width)
      for j in 0..<width {
        let places = (0..<cell.gates).map { $0 * width + j }
        let gate = places.map { now.gates[$0] }
        let d = dh[j] + gradient[t * width + j]
        var slopes: [Double]
        switch cell {
        case .lstm:
          let s = tanh(now.cell[j])
          dc[j] += d * gate[3] * (1 - s * s)
          slopes = [
            dc[j] * gate[2] * gate[0] * (1 - gate[0]), dc[j] * before.cell[j] * gate[1] * (1 - gate[1]),
            dc[j] * gate[0] * (1 - gate[2] * gate[2]), d * s * gate[3] * (1 - gate[3]),
          ]
          dc[j] *= gate[1]
          for (place, slope) in zip(places, slopes) { product[place] = slope }
        case .gru:
          let dn = d * (1 - gate[1]) * (1 - gate[2] * gate[2])
          slopes = [
            dn * now.product[places[2]] * gate[0] * (1 - gate[0]),
            d * (before.hidden[j] - gate[2]) * gate[1] * (1 - gate[1]), dn,
          ]
          for (place, slope) in zip(places, [slopes[0], slopes[1], dn * gate[0]]) { product[place] = slope }
          past[j] = d * gate[1]
        }
        for (place, slope) in zip(places, slopes) { result.projected[t * columns + place] = slope }
      }
      for row in 0..<columns {
        result.bias[row] += product[row]
        for j in 0..<width {
          result.weight[row * width + j] += product[row] * before.hidden[j]
          past[j] += product[row] * weight[row * width + j]
        }
      }
      dh = past
    }
    return result
  }
}
