import ArrayFiles
import Checkpoints
import FoundationEssentials
import Training

/// A run as its folder tells of it. What is missing or damaged is nil here and has its sentence in ``problems``.
struct RunStory: Sendable {
  /// The folder.
  let path: String
  /// What it is called on the page.
  var name: String
  /// What the run is, from run.json.
  let identity: Identity?
  let recipe: Recipe?
  /// recipe.yaml as it stands.
  let recipeText: String?
  let metrics: RunMetrics
  let status: RunStatusFile?
  let labels: UsedLabels?
  /// Steps of the checkpoints that are there.
  let checkpoints: [Int]
  /// What is not as it should be.
  private(set) var problems: [String] = []
  /// Whether a training seems to go on with it.
  let goesOn: Bool

  /// What run.json says.
  struct Identity: Decodable, Sendable {
    var command: String?
    var isProbe: Bool?
    var encoder: String?
  }

  /// Reads a run.
  /// - Throws: `TrainingError.missing` (66) for what is no run at all.
  init(_ path: String, now: Date) throws {
    guard AtomicFile.exists(path) else {
      throw FileError.missing(path: path, advice: "name the --out folder of a training")
    }
    let signs = ["metrics.jsonl", "recipe.yaml", "run.json", "checkpoints"]
    guard AtomicFile.isFolder(path), signs.contains(where: { AtomicFile.exists("\(path)/\($0)") }) else {
      throw TrainingError.missing(
        "\(path): is no run (it holds none of \(signs.joined(separator: ", "))); name the --out folder of a training")
    }
    self.path = path
    name = path.split(separator: "/").last.map(String.init) ?? path
    var problems: [String] = []

    let text = (try? AtomicFile.read(path + "/recipe.yaml", limit: Recipe.longest)).map {
      String(decoding: $0, as: UTF8.self)
    }
    recipeText = text
    do {
      recipe = try text.map { try Recipe(yaml: $0, name: path + "/recipe.yaml") }
      if text == nil {
        problems.append("recipe.yaml is not there or cannot be read: what the run trains is not known.")
      }
    } catch {
      recipe = nil
      problems.append("recipe.yaml cannot be used: \(error)")
    }
    identity = (try? AtomicFile.read(path + "/run.json", limit: 1 << 20)).flatMap {
      try? JSONDecoder().decode(Identity.self, from: Data($0))
    }
    status = RunStatusFile(run: path)
    labels = status?.labels

    var metrics = RunMetrics(file: path + "/metrics.jsonl")
    do {
      try metrics.update()
      if metrics.train.count == 0 { problems.append("metrics.jsonl holds no step yet: there are no curves to draw.") }
      if metrics.damagedLines > 0 {
        problems.append(
          "metrics.jsonl: \(NumberText.counted(metrics.damagedLines, "line")) could not be read and is left out.")
      }
      if metrics.unfinishedBytes > 0 {
        problems.append("metrics.jsonl: the last line is not finished and is left out.")
      }
    } catch {
      problems.append("\(error)")
    }
    self.metrics = metrics

    let store = CheckpointStore(run: path)
    checkpoints = (try? store.steps()) ?? []
    if checkpoints.isEmpty { problems.append("The run has no checkpoint yet.") }
    goesOn = status?.goesOn(at: now) ?? false
    self.problems = problems
  }
}

extension RunStory {
  /// `pretrain`, `train`, `finetune` or, with a frozen encoder, `probe`.
  var command: String? { identity?.isProbe == true ? "probe" : identity?.command }
  /// The objective's kind, and of several those of its parts.
  var objective: String? { recipe.map { type(of: $0.objective).kind } }
  /// The encoder's kind.
  var encoder: String? { recipe.map { type(of: $0.model.encoder).kind } }
  /// Steps done, as metrics and status tell.
  var step: Int {
    max(metrics.train.last("step").map(NumberText.whole) ?? 0, metrics.train.count == 0 ? status?.step ?? 0 : 0)
  }

  /// The best validation: the one last marked so, and otherwise the one with the least loss.
  var best: (step: Int, loss: Double?, accuracy: Double?)? {
    let table = metrics.validation
    guard table.count > 0 else { return nil }
    let (losses, marks) = (table["loss"] ?? [], table["isBest"] ?? [])
    let index =
      marks.lastIndex(of: 1) ?? losses.indices.filter { losses[$0].isFinite }.min { losses[$0] < losses[$1] }
    guard let index, table.steps[index].isFinite else { return nil }
    func value(_ name: String) -> Double? { table[name].map { $0[index] }.flatMap { $0.isFinite ? $0 : nil } }
    return (NumberText.whole(table.steps[index]), value("loss"), value("accuracy"))
  }

  /// How the run stands, in a few words.
  var state: String {
    guard let status, let state = status.state else { return "not known: there is no status.json" }
    if state == "training" && !goesOn { return "ended without a word" }
    return ["training": "still going", "finished": "finished", "stopped": "stopped", "failed": "failed"][state] ?? state
  }
}
