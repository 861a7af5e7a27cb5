import Networks
import PackedTensors

/// The distinct inputs of several objectives, and how they lie side by side, lane by lane, in one pass of the encoder.
struct SharedInputs {
  /// Which input each objective reads, from 0 in the order of their first readers.
  let places: [Int]
  private let distinct: [(input: EncoderInput, ids: [Int])]

  /// - Parameter places: which input each view is to read.
  init(_ views: [MemberView], places: [Int]) {
    self.places = places
    distinct = (0...(places.max() ?? 0)).map { place in
      let view = views[places.firstIndex(of: place)!]
      return (view.input, view.ids)
    }
  }

  private var layouts: [RaggedLayout] { distinct.map(\.input.values.layout) }

  /// What the encoder reads: the input itself where there is only one.
  var joined: EncoderInput {
    if distinct.count == 1 { return distinct[0].input }
    let values = PackedTensor(joining: distinct.map(\.input.values))
    guard let vector = distinct.compactMap(\.input.replacement?.vector).first else { return EncoderInput(values) }
    let flags = byLane { part, sequence -> ArraySlice<UInt8> in
      let rows = layouts[part].rows(of: sequence)
      return distinct[part].input.replacement?.hidden.flags[rows] ?? [UInt8](repeating: 0, count: rows.count)[...]
    }
    return EncoderInput(values, replacement: (HiddenRows(flags: Array(flags.joined())), vector))
  }

  /// A number for each joined sequence that no other has: one sequence's in several inputs get different dropout.
  var joinedIDs: [Int] { byLane { part, sequence in distinct[part].ids[sequence] + part << 48 } }

  /// The embeddings of each input.
  func parts(of embedding: PackedTensor, frame: Int) -> [PackedTensor] {
    distinct.count == 1 ? [embedding] : embedding.parts(layouts.map { $0.strided(by: frame) })
  }

  /// The gradient of the joined embedding, of each objective's: those of one input are added, in their order.
  /// - Parameter layouts: of each input's embedding.
  func joined(_ gradients: [OutputGradient], like layouts: [RaggedLayout]) -> OutputGradient {
    if gradients.count == 1 { return gradients[0] }
    let sums = layouts.indices.map { place in
      let own = gradients.indices.filter { places[$0] == place }.map { gradients[$0].expanded(to: layouts[place]) }
      for other in own.dropFirst() {
        for index in 0..<own[0].count { own[0].base[index] += other.base[index] }
      }
      return own[0]
    }
    return OutputGradient(sums.count == 1 ? sums[0] : PackedTensor(joining: sums))
  }

  /// Something of every sequence of every input, in the order in which they are joined.
  private func byLane<Value>(_ value: (_ part: Int, _ sequence: Int) -> Value) -> [Value] {
    (0..<layouts[0].carriedLanes).flatMap { lane in
      layouts.indices.flatMap { part in layouts[part].sequences(ofLane: lane).map { value(part, $0) } }
    }
  }
}
