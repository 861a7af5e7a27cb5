import ArrayFiles
import FoundationEssentials
import Training

/// One line of `lockstep runs`. What a run does not tell, or tells in a way that cannot be read, is nil.
struct RunSummary: Encodable, Sendable {
  /// The folder.
  let path: String
  let state: RunState
  /// `pretrain`, `train`, `finetune`; `probe` where the encoder is frozen.
  let command: String?
  /// The kinds of the recipe's objective and encoder.
  let objective, encoder: String?
  let step, steps: Int?
  /// The best validation.
  let best: Best?
  let attempt: Int?
  /// When its status was last written, and how long the last attempt has taken: `2026-11-29T06:00:00Z`.
  let updated: String?
  let seconds: Double?
  /// Of all its files.
  let bytes: Int
  /// The exit code of the last attempt, and what it said went wrong.
  let exitCode: Int?
  let message: String?

  /// A validation.
  struct Best: Codable, Sendable {
    var step: Int
    /// `loss`, `accuracy`, `macroF1`.
    var metric: String
    var value: Double
  }

  /// Reads a run.
  init(_ path: String, now: Date) {
    self.path = path
    let status = RunStatusFile(run: path)
    let identity = RunSummary.read(Identity.self, path + "/run.json")
    let recipe = try? Recipe(file: path + "/recipe.yaml")
    let last = RunSummary.read(State.self, path + "/checkpoints/latest/state.json")
    state = RunState(status, at: now)
    command = identity?.isProbe == true ? "probe" : identity?.command
    objective = recipe.map { type(of: $0.objective).kind }
    encoder = recipe.map { type(of: $0.model.encoder).kind }
    step = status?.step ?? last?.step
    steps = status?.steps ?? recipe.flatMap { if case .steps(let steps) = $0.training.duration { steps } else { nil } }
    best = last?.best
    attempt = status?.attempt
    updated = status?.updated
    seconds = status?.attemptSeconds
    bytes = RunFolders.bytes(in: path)
    exitCode = status?.exitCode
    message = status?.message
  }

  private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) -> Value? {
    guard let bytes = try? AtomicFile.read(path) else { return nil }
    return try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// Of run.json.
  private struct Identity: Decodable {
    var command: String?
    var isProbe: Bool?
  }

  /// Of a checkpoint's state.json.
  private struct State: Decodable {
    var step: Int?
    var best: Best?
  }
}
