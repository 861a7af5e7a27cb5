import Networks
import PackedTensors

/// What a decoder tells of a frame of timesteps.
enum FrameTarget: Sendable, Equatable {
  /// The category of every feature of every timestep, by cross-entropy.
  case categories(count: Int)
  /// The value of every feature of every timestep, by Huber loss.
  case values
  /// log(1 + magnitude) of the frame's spectrum, feature by feature, by Huber loss.
  case spectrum
}

/// A linear decoder from a frame's embedding to what that frame, or a later stretch of timesteps, holds.
struct FrameDecoder: Sendable {
  let target: FrameTarget
  /// Timesteps of a frame.
  let frame: Int
  let features: Int
  let linear: ConvolutionLayer
  private let spectrum: FrameSpectrum?

  /// Registers the decoder's layer under `path`.
  init(_ path: String, width: Int, target: FrameTarget, frame: Int, features: Int, in store: ParameterStore) {
    self.target = target
    self.frame = frame
    self.features = features
    spectrum = target == .spectrum ? FrameSpectrum(length: frame) : nil
    let outputs =
      switch target {
      case .categories(let count): frame * features * count
      case .values: frame * features
      case .spectrum: (frame / 2 + 1) * features
      }
    linear = ConvolutionLayer(linear: path, inputs: width, outputs: outputs, in: store)
  }

  /// The loss of the chosen rows of an embedding, and its gradient where a backward pass is given.
  /// - Parameters:
  ///   - rows: the frames that are decoded.
  ///   - offset: first timestep of frame f's target, counted from `f · frame`.
  func loss(
    of embedding: PackedTensor, rows: RowSelection, offset: Int, batch: Batch, _ forward: ForwardPass,
    _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let chosen = rows.gather(embedding)
    let prediction = linear.forward(NormalisedInput(chosen), forward)
    let sums: LossSums
    switch target {
    case .categories(let count):
      let (targets, weights) = timesteps(of: batch.raw, rows: rows, offset: offset)
      let layout = rows.layout.repeated(frame * features)
      sums = Losses.crossEntropy(
        prediction.viewed(as: layout, channels: count), targets: targets.map { Int32($0) }, weights: weights)
    case .values:
      let (targets, weights) = timesteps(of: batch.values, rows: rows, offset: offset)
      sums = Losses.huber(prediction, targets: targets, weights: weights)
    case .spectrum:
      sums = Losses.huber(prediction, targets: spectra(of: batch.values, rows: rows, offset: offset))
    }
    guard let backward else { return (sums, nil) }
    try backward.scale(prediction, count: sums.count)
    let gradient = linear.backward(
      NormalisedInput(chosen), NormalisedGradient(prediction), backward, inputGradient: .new)!
    try backward.gradients.finished(linear.range)
    return (sums, OutputGradient(rows.scatter(gradient)))
  }

  /// What is told of the chosen rows of an embedding, `[rows, outputs]`.
  func predictions(of embedding: PackedTensor, rows: RowSelection, _ forward: ForwardPass) -> PackedTensor {
    linear.forward(NormalisedInput(rows.gather(embedding)), forward)
  }

  /// The spectra of the whole frames of one sequence, `[length, features]`: of each, feature by feature, its bins.
  func spectra(of values: UnsafeMutableBufferPointer<Float>) -> [[Float]] {
    guard let spectrum, let first = values.baseAddress else { return [] }
    let (frames, width) = (values.count / (frame * features), features * spectrum.bins)
    var spectra = [Float](repeating: 0, count: frames * width)
    spectra.withUnsafeMutableBufferPointer { spectra in
      guard let to = spectra.baseAddress else { return }
      spectrum.logMagnitudes(
        (0..<frames).flatMap { pointers(toFeaturesOf: first + $0 * frame * features) }, step: features, to: to)
    }
    return (0..<frames).map { Array(spectra[$0 * width..<($0 + 1) * width]) }
  }

  /// Where each feature of a frame begins.
  private func pointers(toFeaturesOf first: UnsafePointer<Float>) -> [UnsafePointer<Float>] {
    (0..<features).map { first + $0 }
  }

  /// The values of each chosen frame's target, `[rows, frame × features]`, and a byte each: 1 where the sequence has
  /// that timestep.
  private func timesteps(of x: PackedTensor, rows: RowSelection, offset: Int) -> ([Float], [UInt8]) {
    var values = [Float](repeating: 0, count: rows.rows.count * frame * features)
    var weights = [UInt8](repeating: 0, count: values.count)
    values.withUnsafeMutableBufferPointer { values in
      weights.withUnsafeMutableBufferPointer { weights in
        let (values, weights) = (values, weights)
        forEachSequence(x, rows: rows, offset: offset) { index, frames in
          var to = index * frame * features
          for (first, present) in frames {
            for k in 0..<max(0, min(frame, present)) * features {
              values[to + k] = first[k]
              weights[to + k] = 1
            }
            to += frame * features
          }
        }
      }
    }
    return (values, weights)
  }

  /// The spectra of each chosen frame's target, `[rows, features × (frame / 2 + 1)]`.
  private func spectra(of x: PackedTensor, rows: RowSelection, offset: Int) -> [Float] {
    guard let spectrum else { preconditionFailure("only a spectral decoder has spectra") }
    let width = features * spectrum.bins
    return [Float](unsafeUninitializedCapacity: rows.rows.count * width) { values, count in
      count = values.count
      guard let to = values.baseAddress else { return }
      forEachSequence(x, rows: rows, offset: offset) { index, frames in
        for (_, present) in frames {
          precondition(present >= frame, "a frame of \(present) timesteps has no spectrum of \(frame)")
        }
        spectrum.logMagnitudes(
          frames.flatMap { pointers(toFeaturesOf: $0.first) }, step: features, to: to + index * width)
      }
    }
  }

  /// Visits the chosen frames' targets, sequence by sequence, on all threads: the number of the sequence's first, and of each
  /// its first timestep and how many timesteps the sequence has from there.
  private func forEachSequence(
    _ x: PackedTensor, rows: RowSelection, offset: Int,
    _ body: (Int, [(first: UnsafePointer<Float>, present: Int)]) -> Void
  ) {
    Workers.forEach(rows.layout.sequences) { sequence in
      let indices = rows.layout.rows(of: sequence)
      body(
        indices.lowerBound,
        indices.map { index in
          let first = (rows.rows[index] - rows.source.offsets[sequence]) * frame + offset
          return (
            UnsafePointer(x.row(x.layout.offsets[sequence] + first)), x.layout.length(of: sequence) - first
          )
        })
    }
  }
}

extension RaggedLayout {
  /// The layout in which each row has become `times` rows.
  func repeated(_ times: Int) -> RaggedLayout {
    RaggedLayout(lengths: (0..<sequences).map { length(of: $0) * times }, laneBounds: laneBounds)
  }
}
