import CKernels
import Foundation
import PackedTensors
import TestSupport
import Testing

/// Recurrent layers against their definition in Double, sequence by sequence.
@Suite struct RecurrenceTests {
  /// Lengths around a leaf, of one timestep and of none, and lanes without sequences.
  static let layout = RaggedLayout(lengths: [1, 40, 97, 3, 250, 0, 96, 1], laneBounds: [0, 2, 2, 5, 8])
  static let widths = [1, 5, 16, 33]

  private struct Problem {
    let recurrence: Recurrence
    let projected, weight, bias, gradient: [Float]
    /// Channels of the gradient beside those of the hidden states.
    let beside = 2

    init(_ cell: RecurrentCell, width: Int, isReversed: Bool, precision: Precision = .float32) {
      var numbers = Numbers(seed: UInt64(width))
      recurrence = Recurrence(cell, width: width, isReversed: isReversed, precision: precision)
      projected = numbers.floats(layout.timesteps * recurrence.columns, scale: 2)
      weight = numbers.floats(recurrence.columns * width, scale: 1 / Float(width).squareRoot())
      bias = numbers.floats(recurrence.columns)
      gradient = numbers.floats(layout.timesteps * (width + beside))
    }

    struct Result {
      var hidden, projected: [Float]
      var weight: [[Float]] = []
      var bias: [[Float]] = []
    }

    func solve(_ layout: RaggedLayout = RecurrenceTests.layout, projected: [Float]? = nil, gradient: [Float]? = nil)
      -> Result
    {
      let input = PackedTensor(
        layout: layout, channels: recurrence.columns, elements: projected ?? self.projected)
      let saved = recurrence.forward(input, weight: weight, bias: bias)
      let hidden = saved.hidden.elements
      let output = PackedTensor(
        layout: layout, channels: recurrence.width + beside, elements: gradient ?? self.gradient)
      let adjoint = recurrence.backward(output, column: beside, saved, weight: weight)
      var result = Result(hidden: hidden, projected: adjoint.projected.elements)
      recurrence.parameterGradient(saved, adjoint) { lane, part in
        var unpacked = [Float](repeating: .nan, count: weight.count)
        unpacked.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
        result.weight.append(unpacked)
        result.bias.append(Array(UnsafeBufferPointer(start: part.bias, count: bias.count)))
      }
      return result
    }
  }

  @Test(arguments: RecurrentCell.allCases, widths)
  func itIsWhatItIsDefinedToBe(cell: RecurrentCell, width: Int) {
    for isReversed in [false, true] {
      let (problem, layout) = (Problem(cell, width: width, isReversed: isReversed), Self.layout)
      let (result, columns) = (problem.solve(), problem.recurrence.columns)
      let reference = ReferenceRecurrence(
        problem.recurrence, weight: problem.weight.doubles, bias: problem.bias.doubles)
      let name = "\(cell) of \(width) channels, reversed \(isReversed)"
      var (hidden, projected): ([Double], [Double]) = ([], [])
      for lane in 0..<layout.carriedLanes {
        var (weight, bias) = ([Double](repeating: 0, count: columns * width), [Double](repeating: 0, count: columns))
        for sequence in layout.sequences(ofLane: lane) {
          let length = layout.length(of: sequence)
          let x = slice(problem.projected.doubles, layout, sequence)
          let all = slice(problem.gradient.doubles, layout, sequence)
          let channels = width + problem.beside
          let dh = all.indices.filter { $0 % channels >= problem.beside }.map { all[$0] }
          hidden += reference.forward(x, length: length)
          let gradient = reference.backward(x, gradient: dh, length: length)
          projected += gradient.projected
          for at in weight.indices { weight[at] += gradient.weight[at] }
          for at in bias.indices { bias[at] += gradient.bias[at] }
        }
        let scale = weight.map(abs).max()! + 1
        report(Compare.close(name + ", weight, lane \(lane)", result.weight[lane], weight, tolerance: 2e-5 * scale))
        report(Compare.close(name + ", bias, lane \(lane)", result.bias[lane], bias, tolerance: 2e-5 * scale))
      }
      report(Compare.close(name + ", hidden", result.hidden, hidden, tolerance: 1e-5))
      report(Compare.close(name + ", input", result.projected, projected, tolerance: 2e-5))
    }
  }

  @Test(arguments: RecurrentCell.allCases, Precision.allCases)
  func aSequenceAloneGivesWhatItGivesInABatch(cell: RecurrentCell, precision: Precision) {
    let layout = Self.layout
    for (width, isReversed) in [(5, false), (33, true)] {
      let problem = Problem(cell, width: width, isReversed: isReversed, precision: precision)
      let all = problem.solve()
      for sequence in 0..<layout.sequences {
        let alone = problem.solve(
          RaggedLayout(lengths: [layout.length(of: sequence)]), projected: slice(problem.projected, layout, sequence),
          gradient: slice(problem.gradient, layout, sequence))
        let name = "\(cell) of \(width) channels in \(precision), sequence \(sequence)"
        report(Compare.bits(name + ", hidden", alone.hidden, slice(all.hidden, layout, sequence)))
        report(Compare.bits(name + ", input", alone.projected, slice(all.projected, layout, sequence)))
      }
    }
  }

  @Test(arguments: RecurrentCell.allCases) func bfloat16IsNear(cell: RecurrentCell) {
    let exact = Problem(cell, width: 16, isReversed: false).solve()
    let rounded = Problem(cell, width: 16, isReversed: false, precision: .bfloat16).solve()
    #expect(exact.hidden != rounded.hidden)
    report(Compare.close("\(cell), hidden", rounded.hidden, exact.hidden.doubles, tolerance: 0.05))
    for (a, b) in zip(rounded.weight, exact.weight) {
      report(Compare.close("\(cell), weight", a, b.doubles, tolerance: 0.05 * Double(b.map(abs).max()! + 1)))
    }
  }

  @Test(arguments: RecurrentCell.allCases) func allKernelsGiveTheSameBits(cell: RecurrentCell) {
    let gates = cell.gates
    for width in Edges.channels {
      var numbers = Numbers(seed: UInt64(width))
      let (a, p) = (numbers.floats(gates * width, scale: 4), numbers.floats(gates * width, scale: 4))
      let (before, state) = (numbers.floats(width), numbers.floats(width))
      let (dh, more) = (numbers.floats(width), numbers.floats(gates * width))
      func run(
        _ name: String, _ body: (_ kernels: ck_kernels, [UnsafeMutablePointer<Float>]) -> Void, _ memory: [[Float]]
      ) {
        _ = KernelSets.run(name) { kernels in
          var guards = memory.map { Guarded($0) }
          func open(_ index: Int, _ pointers: [UnsafeMutablePointer<Float>]) {
            if index == guards.count { return body(kernels, pointers) }
            var one = guards[index]
            one.write { open(index + 1, pointers + [$0]) }
            guards[index] = one
          }
          open(0, [])
          return .init(floats: guards.flatMap { $0.values(name) })
        }
      }
      let name = "\(cell) of \(width)"
      let (product, last) = (Guarded.input(p), Guarded.input(before))
      switch cell {
      case .lstm:
        run(name, { $0.lstm_cell($1[0], product, last, width, $1[1], $1[2]) }, [a, state, dh])
        let (cells, gradient) = (Guarded.input(state), Guarded.input(dh))
        run(name + ", adjoint", { $0.lstm_cell_gradient($1[0], last, cells, gradient, width, $1[1]) }, [a, before])
      case .gru:
        run(name, { $0.gru_cell($1[0], product, last, width, $1[1], $1[2]) }, [a, state, dh])
        let candidate = Guarded.input(state)
        run(name + ", adjoint", { $0.gru_cell_gradient($1[0], last, candidate, width, $1[1], $1[2]) }, [a, dh, more])
      }
    }
  }

  @Test func sigmoidAndTanh() {
    // An LSTM's gates are these functions of what goes in.
    let values =
      (-3000...3000).map { Float($0) * 0.029 } + (1...300).map { Float($0) * 0.0031 }
      + [0, 1e-20, -1e-20, 1e-4, .infinity, -.infinity, .nan]
    let gates = KernelSets.run("sigmoid and tanh") { kernels in
      var memory = Guarded(values + values + values + values)
      let zeros = Guarded.input([Float](repeating: 0, count: 4 * values.count))
      var (cell, hidden) = (Guarded(values), Guarded(values))
      memory.write { gates in
        cell.write { cell in
          hidden.write { kernels.lstm_cell(gates, zeros, zeros, values.count, cell, $0) }
        }
      }
      return .init(floats: memory.values("sigmoid and tanh"))
    }.floats
    for (index, value) in values.enumerated() {
      let (sigmoid, tanh) = (Double(gates[index]), Double(gates[2 * values.count + index]))
      if value.isNaN {
        #expect(sigmoid.isNaN && tanh.isNaN)
        continue
      }
      let x = Double(value)
      let (expected, other) = (1 / (1 + Foundation.exp(-x)), Foundation.tanh(x))
      if x >= -87 {
        #expect(abs(sigmoid - expected) <= 6 * 0x1p-24 * expected, "sigmoid(\(x)) is \(sigmoid), not \(expected)")
      } else {
        #expect(sigmoid > 0 && sigmoid < 2e-38, "sigmoid(\(x)) is \(sigmoid)")
      }
      #expect(abs(tanh - other) <= 6 * 0x1p-24 * abs(other), "tanh(\(x)) is \(tanh), not \(other)")
    }
  }
}
