import Dispatch
import MessagePassing
import SequenceData
import Synchronization

/// Compares the files of a sealed data set with their digests while training goes on. Each rank takes its share of the
/// shards; one without a seal has nothing to compare with and passes.
final class SealCheck: Sendable {
  private let failure = Mutex<(any Error)?>(nil)
  private let running = DispatchGroup()

  /// Begins, on a thread of its own. Complexity: reads this rank's shards once.
  init(_ dataset: SequenceDataset, rank: Int, ranks: Int) {
    DispatchQueue.global(qos: .utility).async(group: running) { [self] in
      do {
        for shard in stride(from: rank, to: dataset.shardCount, by: ranks) {
          try dataset.verifySeal(ofShard: shard)
        }
      } catch {
        failure.withLock { $0 = error }
      }
    }
  }

  /// Throws what was found so far; at the end of the first epoch waits for the rest.
  func check(waiting: Bool, _ activity: Activity) throws {
    while waiting && running.wait(timeout: .now() + .seconds(1)) == .timedOut { activity.enter(.reading) }
    if let error = failure.withLock(\.self) { throw error }
  }
}
