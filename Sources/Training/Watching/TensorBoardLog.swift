import ArrayFiles
import Foundation
import Synchronization

/// `RUN/tensorboard/events.out.tfevents.00000003`: what one attempt tells TensorBoard. Rank 0 alone.
///
/// The thread that trains only puts events in a queue; the run's heartbeat writes them every two seconds, and a checkpoint
/// does. What cannot be written, on a full disk for example, waits in memory and is lost beyond ``mostBytes``; training
/// goes on. Attempts have files of their own, whose names sort as they came: TensorBoard reads them in that order, and
/// the event with which each begins voids what was told of steps that are made again.
final class TensorBoardLog: Sendable {
  /// What may wait.
  static let mostBytes = 8 << 20
  /// How many points a curve has at most, and histograms a tensor: beyond that a run is told of at every other step, or
  /// every third, …
  static let mostPoints = 10_000
  static let mostHistograms = 200

  private let path: String
  private let pointEvery: Int
  private let histogramsEvery: Int
  private let say: @Sendable (String) -> Void
  private let queue = Mutex<[UInt8]>([])
  private let writing: Mutex<Writing>

  private struct Writing: ~Copyable {
    var file: AppendedFile?
    var isLost = false
  }

  /// Begins the file of an attempt; nil where the recipe wants none.
  /// - Parameters:
  ///   - name: the attempt's, which sorts behind those before.
  ///   - step: steps done.
  ///   - settings: what the table of hyper-parameters tells of the run.
  ///   - say: takes a sentence where events cannot be written.
  init?(
    run: String, attempt name: String, recipe: TrainingRecipe, from step: Int, of totalSteps: Int,
    settings: [(name: String, value: HyperParameters.Value)], say: @escaping @Sendable (String) -> Void
  ) {
    guard recipe.tensorboard else { return nil }
    path = "\(run)/tensorboard/events.out.tfevents.\(name)"
    pointEvery = (totalSteps + TensorBoardLog.mostPoints - 1) / TensorBoardLog.mostPoints
    let sparsest = (totalSteps + TensorBoardLog.mostHistograms - 1) / TensorBoardLog.mostHistograms
    histogramsEvery = recipe.histogramsEvery == 0 ? 0 : max(recipe.histogramsEvery, sparsest)
    self.say = say
    writing = Mutex(Writing(file: nil))
    let now = TensorBoardLog.now
    add(.version(seconds: now))
    add(.start(step: step + 1, seconds: now))
    add([.parameters(.settings(settings, startSeconds: now))], step: 0)
  }

  static var now: Double { Date.now.timeIntervalSince1970 }

  /// Whether a step stands in the curves.
  func hasPoint(at step: Int) -> Bool { step == 1 || step % pointEvery == 0 }

  /// Whether histograms are to be made after a step.
  func hasHistograms(at step: Int) -> Bool { histogramsEvery > 0 && step % histogramsEvery == 0 }

  /// Puts values in the queue.
  func add(_ values: [TensorBoardSummary], step: Int) {
    if !values.isEmpty { add(.values(values, step: step, seconds: TensorBoardLog.now)) }
  }

  private func add(_ event: TensorBoardEvent) {
    queue.withLock { if $0.count < TensorBoardLog.mostBytes { EventRecord.append(event, to: &$0) } }
  }

  /// Writes what waits; any thread.
  func flush() {
    writing.withLock { writing in
      let bytes = queue.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      guard !bytes.isEmpty else { return }
      do {
        if writing.file == nil {
          mkdir(AtomicFile.folderName(of: path), 0o777)
          writing.file = try AppendedFile(at: path)
        }
        try writing.file?.append(bytes)
      } catch {
        queue.withLock { $0 = bytes + $0 }
        if !writing.isLost { say("\(error); training goes on without TensorBoard's events until it can be written") }
        writing.isLost = true
      }
    }
  }
}
