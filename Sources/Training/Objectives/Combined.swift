import Networks
import PackedTensors

/// Several objectives over one encoder (multi-task pretraining; Caruana 1997): the loss is `Σ weight · mean loss`, each
/// mean over its own terms of the global batch.
///
/// All views pass through the encoder together, lane by lane side by side, so that batch norm sees all of them at once
/// and the encoder goes back once; objectives that read the batch as it is share one view, and their gradients are added.
struct Combined: Objective {
  /// One of the objectives.
  struct Member: Sendable {
    let name: String
    let weight: Double
    let objective: any Objective
  }

  let members: [Member]
  /// Timesteps of a frame.
  let frame: Int

  struct View {
    let views: [MemberView]
    let inputs: SharedInputs
    let input: EncoderInput
    let ids: [Int]
  }

  var range: Range<Int> {
    members[0].objective.range.lowerBound..<members[members.count - 1].objective.range.upperBound
  }
  var countsCorrect: Bool { false }
  var parts: [ObjectivePart] {
    members.map { ObjectivePart(name: $0.name, weight: $0.weight, countsCorrect: $0.objective.countsCorrect) }
  }
  var averageDecay: Double? { members.compactMap(\.objective.averageDecay).first }
  var comparedSequences: Int? { members.compactMap(\.objective.comparedSequences).min() }
  var needsOthers: Bool { members.contains { $0.objective.needsOthers } }
  var shortestSequence: (timesteps: Int, key: String)? {
    members.enumerated().compactMap { index, member in
      member.objective.shortestSequence.map {
        ($0.timesteps, "objective.parts[\(index)]" + $0.key.dropFirst("objective".count))
      }
    }.max { $0.0 < $1.0 }
  }

  /// Which of the distinct inputs each member reads.
  private var places: [Int] {
    var (places, shared, count): ([Int], Int?, Int) = ([], nil, 0)
    for member in members {
      if member.objective.readsValues, let shared {
        places.append(shared)
        continue
      }
      if member.objective.readsValues { shared = count }
      places.append(count)
      count += 1
    }
    return places
  }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let views = members.map { MemberView($0.objective, batch, seed: seed, epoch: epoch) }
    let inputs = SharedInputs(views, places: places)
    return View(views: views, inputs: inputs, input: inputs.joined, ids: inputs.joinedIDs)
  }

  func completed(_ view: View, by average: AveragedEncoder) throws -> View {
    View(views: try view.views.map { try $0.complete(average) }, inputs: view.inputs, input: view.input, ids: view.ids)
  }

  func observe(_ view: View, _ pass: ForwardPass) throws {
    for own in view.views { try own.observe(pass) }
  }

  func ids(of view: View) -> [Int] { view.ids }
  func idsOfParts(of view: View) -> [[Int]] { view.views.map(\.ids) }
  func input(of view: View) -> EncoderInput { view.input }

  func viewLengths(of length: Int) -> [Int] {
    let places = places
    return members.indices.filter { places.firstIndex(of: places[$0]) == $0 }
      .flatMap { members[$0].objective.viewLengths(of: length) }
  }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let embeddings = view.inputs.parts(of: embedding, frame: frame)
    let scaling = PartScaling(forward.statistics, lanes: embedding.layout.carriedLanes)
    var sums: [LossSums] = []
    var gradients: [OutputGradient] = []
    for (index, (member, own)) in zip(members, view.views).enumerated() {
      scaling.begin(weight: member.weight)
      let (loss, gradient) = try own.loss(
        embeddings[view.inputs.places[index]],
        ForwardPass(
          store: forward.store, mode: forward.mode, statistics: forward.statistics, ids: own.ids, seed: forward.seed,
          epoch: forward.epoch, timeline: forward.timeline),
        backward.map {
          BackwardPass(
            store: $0.store, gradients: $0.gradients, statistics: $0.statistics, scaling: scaling,
            timeline: $0.timeline)
        })
      sums.append(loss)
      if let gradient { gradients.append(gradient) }
    }
    guard backward != nil else { return (LossSums(combining: sums, factors: members.map(\.weight)), nil) }
    precondition(gradients.count == members.count, "a member gave no gradient")
    let total = LossSums(combining: sums, factors: scaling.factors.map(Double.init))
    return (total, view.inputs.joined(gradients, like: embeddings.map(\.layout)))
  }
}

/// A view of one member, whatever its type: what the encoder reads of it, and its loss.
struct MemberView {
  let input: EncoderInput
  let ids: [Int]
  /// ``Objective/loss(of:_:_:_:)`` of this view.
  let loss: (PackedTensor, ForwardPass, BackwardPass?) throws -> (sums: LossSums, gradient: OutputGradient?)
  /// ``Objective/completed(_:by:)`` of it.
  let complete: (AveragedEncoder) throws -> MemberView
  /// ``Objective/observe(_:_:)`` of it.
  let observe: (ForwardPass) throws -> Void

  init<O: Objective>(_ objective: O, _ batch: Batch, seed: UInt64, epoch: Int) {
    self.init(objective, objective.view(of: batch, seed: seed, epoch: epoch))
  }

  private init<O: Objective>(_ objective: O, _ view: O.View) {
    input = objective.input(of: view)
    ids = objective.ids(of: view)
    loss = { try objective.loss(of: $0, view, $1, $2) }
    complete = { MemberView(objective, try objective.completed(view, by: $0)) }
    observe = { try objective.observe(view, $0) }
  }
}
