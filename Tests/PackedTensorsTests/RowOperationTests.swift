import PackedTensors
import TestSupport
import Testing

/// Operations that move or replace rows: embedding, hidden rows, selections, dropout. Each with its adjoint.
@Suite struct RowOperationTests {
  static let layout = RaggedLayout(lengths: [1, 5, 97, 200, 3], laneBounds: [0, 1, 1, 4, 5])

  private func tensor(_ channels: Int, _ numbers: inout Numbers, _ layout: RaggedLayout = layout) -> PackedTensor {
    PackedTensor(layout: layout, channels: channels, elements: numbers.floats(layout.timesteps * channels))
  }

  @Test(arguments: [(1, 1), (1, 17), (3, 6), (2, 64)]) func embedding(features: Int, width: Int) throws {
    let (layout, categories) = (Self.layout, 41)
    var numbers = Numbers(seed: UInt64(width))
    let categoriesSeen = numbers.integers(layout.timesteps * features, below: categories)
    let x = PackedTensor(layout: layout, channels: features, elements: categoriesSeen.map { Float($0) })
    let table = numbers.floats(features * categories * width)
    let name = "embedding of \(features) features, width \(width)"
    let y = Embedding.forward(x, table: table, categories: categories, width: width)
    let expected = ReferenceEmbedding.forward(
      categoriesSeen, features: features, table: table.doubles, categories: categories, width: width)
    report(Compare.close(name, y.elements, expected, tolerance: Compare.tolerance(terms: features)))

    let g = tensor(width, &numbers)
    var lanes: [[Float]] = []
    Embedding.backward(x, g, categories: categories) { lane, table in
      #expect(lane == lanes.count)
      lanes.append(Array(UnsafeBufferPointer(start: table, count: features * categories * width)))
    }
    for lane in 0..<layout.carriedLanes {
      let sequences = layout.sequences(ofLane: lane)
      let gradient = ReferenceEmbedding.backward(
        sequences.flatMap { slice(categoriesSeen, layout, $0) }, features: features,
        gradient: sequences.flatMap { slice(g.elements, layout, $0) }.doubles, categories: categories, width: width)
      report(
        Compare.close(
          "\(name), lane \(lane)", lanes[lane], gradient, tolerance: Compare.tolerance(terms: layout.timesteps)))
    }
  }

  @Test(arguments: [1, 16, 17]) func hiddenRows(channels: Int) {
    let layout = Self.layout
    var numbers = Numbers(seed: UInt64(channels))
    let hidden = HiddenRows(flags: numbers.flags(layout.timesteps))
    let x = tensor(channels, &numbers)
    let (before, vector) = (x.elements, numbers.floats(channels))
    hidden.replace(in: x, with: vector)
    let expected = before.indices.map { hidden.flags[$0 / channels] != 0 ? vector[$0 % channels] : before[$0] }
    report(Compare.bits("hidden rows replaced, \(channels) channels", x.elements, expected))

    let g = tensor(channels, &numbers)
    let gradient = g.elements
    var lanes: [[Float]] = []
    hidden.takeGradient(from: g) {
      lanes.append(Array(UnsafeBufferPointer(start: $1, count: channels))); #expect($0 + 1 == lanes.count)
    }
    for lane in 0..<layout.carriedLanes {
      var sums = [Double](repeating: 0, count: channels)
      for row in layout.sequences(ofLane: lane).flatMap({ layout.rows(of: $0) }) where hidden.flags[row] != 0 {
        for c in 0..<channels { sums[c] += Double(gradient[row * channels + c]) }
      }
      let name = "gradient of the hidden rows' vector, \(channels) channels, lane \(lane)"
      report(Compare.close(name, lanes[lane], sums, tolerance: Compare.tolerance(terms: layout.timesteps)))
    }
    let rest = gradient.indices.map { hidden.flags[$0 / channels] != 0 ? 0 : gradient[$0] }
    report(Compare.bits("gradient of the rows that are seen", g.elements, rest))
    let strided = hidden.strided(by: 3, from: layout)
    let kept = (0..<layout.sequences).flatMap { stride(from: layout.offsets[$0], to: layout.offsets[$0 + 1], by: 3) }
    #expect(strided.flags == kept.map { hidden.flags[$0] } && kept.count == layout.strided(by: 3).timesteps)
  }

  @Test func selections() {
    let layout = Self.layout
    var numbers = Numbers(seed: 3)
    var flags = numbers.flags(layout.timesteps)
    for row in layout.rows(of: 1) { flags[row] = 0 }  // a sequence of which nothing is chosen
    let selection = RowSelection(flags, of: layout)
    #expect(selection.rows == flags.indices.filter { flags[$0] != 0 })
    #expect(selection.layout.length(of: 1) == 0 && selection.layout.laneBounds == layout.laneBounds)
    let x = tensor(5, &numbers)
    let (values, gathered) = (x.elements, selection.gather(x))
    report(Compare.bits("gather", gathered.elements, selection.rows.flatMap { Array(values[$0 * 5..<$0 * 5 + 5]) }))
    let y = tensor(5, &numbers, selection.layout)
    let scattered = selection.scatter(y)
    report(
      Compare.close(
        "<gather x, y> = <x, scatter y>", [dot(x.elements.doubles, scattered.elements.doubles)],
        [dot(gathered.elements.doubles, y.elements.doubles)], tolerance: 1e-10))
    #expect(scattered.elements.count(where: { $0 != 0 }) <= y.count)
  }

  @Test(arguments: [0, 0.1, 0.5, 0.9]) func dropout(rate: Double) {
    let layout = RaggedLayout(lengths: [500, 300, 200])
    let ids = [7, 1 << 33, 0]
    let dropout = Dropout(rate: rate, key: RandomKey(seed: 1, purpose: "head.dropout", epoch: 1))
    let (ones, x) = (PackedTensor(layout: layout, channels: 9), PackedTensor(layout: layout, channels: 9))
    ones.fill(1)
    dropout.apply(to: ones, ids: ids)
    let factors = ones.elements
    let kept = Float(1 / (1 - rate))
    #expect(factors.allSatisfy { $0 == 0 || $0 == kept }, "factors of rate \(rate) are 0 and \(kept)")
    let zeros = Double(factors.count(where: { $0 == 0 })) / Double(factors.count)
    let deviation = (rate * (1 - rate) / Double(factors.count)).squareRoot()
    #expect(abs(zeros - rate) <= 5 * deviation, "a share of \(zeros) was dropped, expected \(rate) ± \(5 * deviation)")

    // The adjoint is the same map again: <D x, y> = <x, D y>.
    var numbers = Numbers(seed: 4)
    let (values, gradient) = (numbers.floats(x.count), tensor(9, &numbers, layout))
    values.withUnsafeBufferPointer { x.base.update(from: $0.baseAddress!, count: $0.count) }
    let product = { dot(values.doubles, gradient.elements.doubles) }
    dropout.apply(to: x, ids: ids)
    let forward = dot(x.elements.doubles, gradient.elements.doubles)
    dropout.apply(to: gradient, ids: ids)
    report(Compare.close("<D x, y> = <x, D y> at rate \(rate)", [product()], [forward], tolerance: 1e-3))
    report(Compare.bits("dropout at rate \(rate)", x.elements, zip(values, factors).map { $1 == 0 ? 0 : $0 * $1 }))

    // A sequence's draw depends on its id, not on its place; another epoch draws anew.
    let alone = PackedTensor(layout: RaggedLayout(lengths: [300]), channels: 9)
    alone.fill(1)
    dropout.apply(to: alone, ids: [ids[1]])
    report(Compare.bits("a sequence alone at rate \(rate)", alone.elements, slice(factors, layout, 1)))
    guard rate > 0 else { return }
    ones.fill(1)
    Dropout(rate: rate, key: RandomKey(seed: 1, purpose: "head.dropout", epoch: 2)).apply(to: ones, ids: ids)
    #expect(ones.elements != factors)
  }
}
