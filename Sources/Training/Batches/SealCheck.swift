import Dispatch
import MessagePassing
import SequenceData
import Synchronization

/// Compares the files of a sealed data set with their digests while other work goes on. Each rank takes its share of the
/// shards; one without a seal has nothing to compare with and passes.
final class SealCheck: Sendable {
  private let failure = Mutex<(any Error)?>(nil)
  private let running = DispatchGroup()

  /// Begins, on a thread of its own. Complexity: reads this rank's shards once.
  convenience init(_ dataset: SequenceDataset, rank: Int, ranks: Int) {
    self.init(dataset, shards: Array(0..<dataset.shardCount), rank: rank, ranks: ranks)
  }

  /// The same of some shards alone.
  init(_ dataset: SequenceDataset, shards: [Int], rank: Int, ranks: Int) {
    DispatchQueue.global(qos: .utility).async(group: running) { [self] in
      do {
        for place in stride(from: rank, to: shards.count, by: ranks) {
          try dataset.verifySeal(ofShard: shards[place])
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
  }

  /// Throws what was found so far; with `waiting`, as at the end of the first epoch, waits for the rest.
  func check(waiting: Bool, _ activity: Activity) throws {
    while waiting && running.wait(timeout: .now() + .seconds(1)) == .timedOut { activity.enter(.reading) }
    if let error = failure.withLock(\.self) { throw error }
  }
}
