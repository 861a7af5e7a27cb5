import ArrayFiles
import PackedTensors

/// What is trained and how: a recipe file with every default filled in.
public struct Recipe: Sendable {
  /// The longest recipe that is read, in bytes.
  public static let longest = 1 << 17

  /// How sequences are read, and the network.
  public var model: ModelRecipe
  /// What is minimised.
  public var objective: any ObjectiveRecipe
  /// The bounds of a step's batch.
  public var batch: BatchRecipe
  /// What a gradient does.
  public var optimizer: any OptimizerRecipe
  /// How the learning rate runs.
  public var schedule: any ScheduleRecipe
  /// How long, and what happens beside it.
  public var training: TrainingRecipe
  /// What convolutions and linear layers multiply.
  public var precision: Precision

  /// Reads a recipe file, applies overrides `key.path=value`, and checks all of it.
  ///
  /// Throws `RecipeError` (64) for what is wrong with its content and `FileError` where it cannot be read.
  public init(file path: String, overrides: [String] = []) throws {
    try self.init(yaml: Recipe.text(ofFile: path), name: path, overrides: overrides)
  }

  /// The text of a recipe file, whatever it says.
  static func text(ofFile path: String) throws -> String {
    guard AtomicFile.exists(path) else {
      throw FileError.missing(path: path, advice: "check the path; launch/recipes has recipes to begin with")
    }
    let bytes = try AtomicFile.read(path, limit: Recipe.longest)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecipeError(recipe: path, place: .whole, key: "", reason: "is not a text in UTF-8")
    }
    return text
  }

  /// Reads a recipe from its text; `name` stands for it in errors.
  public init(yaml: String, name: String = "recipe", overrides: [String] = []) throws(RecipeError) {
    var node = try RecipeNode(yaml: yaml, recipe: name)
    var parsed: [RecipeOverride] = []
    for override in overrides { parsed.append(try RecipeOverride(override, recipe: name)) }
    try node.apply(parsed, recipe: name)
    var reader = try RecipeReader(node, recipe: name, path: "", place: .whole)
    try self.init(from: &reader)
    try reader.finish()
  }

  private init(from reader: inout RecipeReader) throws(RecipeError) {
    let model = try reader.section("model", ModelRecipe.init(from:))
    self.model = model
    let batch = try reader.sectionOrDefaults("batch", BatchRecipe.init(from:))
    self.batch = batch
    let (chosen, section) = try reader.section("objective") {
      (section: inout RecipeReader) throws(RecipeError) -> (any ObjectiveRecipe, RecipeReader) in
      let kind = try section.kind(among: RecipeKinds.objectives.map { $0.kind })
      let objective = try RecipeKinds.objectives[kind].init(from: &section)
      if let conflict = objective.conflict(with: model, batch) { throw section.error(conflict) }
      return (objective, section)
    }
    objective = chosen
    optimizer = try reader.section("optimizer") {
      (section: inout RecipeReader) throws(RecipeError) -> any OptimizerRecipe in
      let kind = try section.kind(among: RecipeKinds.optimizers.map { $0.kind })
      return try RecipeKinds.optimizers[kind].init(from: &section)
    }
    schedule = try reader.section("schedule") {
      (section: inout RecipeReader) throws(RecipeError) -> any ScheduleRecipe in
      let kind = try section.kind(among: RecipeKinds.schedules.map { $0.kind })
      return try RecipeKinds.schedules[kind].init(from: &section)
    }
    let training = try reader.section("training", TrainingRecipe.init(from:))
    if let conflict = chosen.conflict(with: training) { throw section.error(conflict) }
    self.training = training
    precision = try reader.choice("precision", default: .float32)
  }

  /// The tree of every key, in the order in which it is written.
  var node: RecipeNode {
    var writer = RecipeWriter()
    writer.section("model") { model.write(to: &$0) }
    writer.section("objective") {
      $0.write(kind: type(of: objective).kind)
      objective.write(to: &$0)
    }
    writer.section("batch") { batch.write(to: &$0) }
    writer.section("optimizer") {
      $0.write(kind: type(of: optimizer).kind)
      optimizer.write(to: &$0)
    }
    writer.section("schedule") {
      $0.write(kind: type(of: schedule).kind)
      schedule.write(to: &$0)
    }
    writer.section("training") { training.write(to: &$0) }
    writer.write("precision", precision)
    return writer.node
  }
}
