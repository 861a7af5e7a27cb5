import ArrayFiles
import Checkpoints
import Foundation

/// A run folder of a test's own, removed when the test lets go of it.
final class Scratch {
  let run: String
  var store: CheckpointStore { CheckpointStore(run: run) }

  init() throws {
    run = NSTemporaryDirectory() + "checkpoints-" + UUID().uuidString
    try AtomicFile.createFolder(run)
  }

  deinit { try? FileManager.default.removeItem(atPath: run) }

  /// The path of a file of a step's folder.
  func file(_ step: Int, _ name: String) -> String { "\(store.folder(step: step).path)/\(name)" }

  /// The names in the folder of checkpoints.
  var names: [String] { (try? AtomicFile.names(inFolder: store.path)) ?? [] }

  /// Changes a file's bytes in place.
  func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = try AtomicFile.read(path)
    body(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}

/// A small snapshot whose numbers depend on the step.
func snapshot(
  _ step: Int, made: [String: String] = ["host": "here"], isBest: Bool = false, count: Int = 6
) -> CheckpointSnapshot {
  let values = (0..<count).map { Float($0 + step) / 8 }
  return CheckpointSnapshot(
    step: step,
    model: [
      NamedTensor(name: "stem.weight", shape: [count], elements: .float32(values)),
      NamedTensor(name: "norm.num_batches_tracked", shape: [], elements: .int64([Int64(step)])),
    ],
    optimizer: [NamedTensor(name: "mean.stem.weight", shape: [count], elements: .float32(values.map { $0 * 2 }))],
    state: StableJSON.encode(["step": step, "epoch": 3]), made: made, isBest: isBest)
}
