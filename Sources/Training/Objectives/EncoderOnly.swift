import Networks
import PackedTensors

/// No objective: an encoder that is only used. It has no parameters and no loss.
struct EncoderOnly: Objective {
  var range: Range<Int> { 0..<0 }
  var countsCorrect: Bool { false }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> Batch { batch }
  func ids(of view: Batch) -> [Int] { view.ids }
  func input(of view: Batch) -> EncoderInput { EncoderInput(view.values) }
  func loss(
    of embedding: PackedTensor, _ view: Batch, _ forward: ForwardPass, _ backward: BackwardPass?
  ) -> (sums: LossSums, gradient: OutputGradient?) {
    preconditionFailure("an encoder alone has no loss")
  }
}

/// The recipe section of ``EncoderOnly``; no recipe file names it.
struct EncoderOnlyRecipe: ObjectiveRecipe {
  static let kind = "none"
  var isSelfSupervised: Bool { true }

  init() {}
  init(from reader: inout RecipeReader) throws(RecipeError) {}
  func write(to writer: inout RecipeWriter) {}
  func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? { nil }
  func makeObjective(_ context: ModelContext, encoder: some Encoder) -> any Objective { EncoderOnly() }
}
