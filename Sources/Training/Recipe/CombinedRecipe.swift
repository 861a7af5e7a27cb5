import Networks

/// `objective: {kind: combined}`: several objectives are minimised together, over one encoder.
public struct CombinedRecipe: ObjectiveRecipe {
  /// One of the objectives.
  public struct Part: Sendable {
    /// What its mean loss is multiplied by in the sum.
    public var weight: Double
    /// What is minimised.
    public var objective: any ObjectiveRecipe
    /// Where it stands.
    let place: RecipeError.Place

    /// The word under its `kind`.
    var kind: String { type(of: objective).kind }
  }

  /// The objectives, in the order in which their losses are computed.
  public var parts: [Part]

  /// The word under `kind`.
  public static let kind = "combined"
  /// None of its parts needs labels.
  public var isSelfSupervised: Bool { true }

  /// Reads `parts`: each an objective's section with a `weight`.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    var kinds: Set<String> = []
    parts = try reader.list("parts") { (section: inout RecipeReader) throws(RecipeError) -> Part in
      let index = try section.kind(among: RecipeKinds.objectives.map { $0.kind })
      let kind = RecipeKinds.objectives[index].kind
      guard kind != CombinedRecipe.kind else {
        throw section.error("kind", "a part cannot be made of parts: list them all here")
      }
      guard kinds.insert(kind).inserted else {
        throw section.error("kind", "\(kind) stands here twice: one part of it, with the sum of both weights")
      }
      let weight = try section.number("weight", .positive, default: 1)
      let objective = try RecipeKinds.objectives[index].init(from: &section)
      guard objective.isSelfSupervised else {
        throw section.error(
          "kind", "\(kind) needs labels, which pretraining does not see: leave it out, and fine-tune afterwards")
      }
      guard objective.canBeCombined else {
        throw section.error("kind", "\(kind) runs the encoder by itself and cannot be a part: let it be the objective")
      }
      return Part(weight: weight, objective: objective, place: section.place)
    }
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.list("parts", parts) { part, writer in
      writer.write(kind: part.kind)
      writer.write("weight", part.weight)
      part.objective.write(to: &writer)
    }
  }

  /// What goes with a part goes with all: the first part's conflict.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    for (index, part) in parts.enumerated() {
      guard let conflict = part.objective.conflict(with: model, batch) else { continue }
      return RecipeConflict(
        key: "parts[\(index)].\(conflict.key)", reason: conflict.reason, place: conflict.place ?? part.place)
    }
    return nil
  }

  /// The parts' objectives, registered under `objective.KIND`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    var members: [Combined.Member] = []
    for (index, part) in parts.enumerated() {
      var own = context
      let (path, section) = context.objective
      own.objective = ("\(path).\(part.kind)", "\(section).parts[\(index)]")
      members.append(
        Combined.Member(
          name: part.kind, weight: part.weight, objective: try part.objective.makeObjective(own, encoder: encoder)))
    }
    return Combined(members: members, frame: encoder.frame)
  }
}
