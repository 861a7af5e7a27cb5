import ArrayFiles
import DataParallel
import MessagePassing
import PackedTensors
import Tracing

/// Keeps the trace of one attempt: which steps, each rank's part, and in the end all of them in one.
///
/// Which steps are traced, and before which clocks are compared, depends on their numbers alone: all ranks do the same.
/// The weights do not hear of it.
final class RunTrace {
  private let request: TraceRequest
  private let communicator: Communicator
  private let folder: TraceFolder
  private let attempt: String
  /// Steps that were done when the attempt began.
  private let done: Int
  private let file: TraceFile

  private var timeline: Timeline { communicator.activity.timeline }

  /// The most events of a step: 1 MiB of them.
  private static let eventsOfStep = 1 << 14

  /// Begins the trace that a job asks for; none where it asks for none. Collective.
  /// - Parameters:
  ///   - attempt: the attempt's number, as rank 0 knows it.
  ///   - done: steps that were done before.
  /// - Throws: an error on all ranks where one cannot write its part.
  init?(_ session: TrainingSession, attempt: String?, after done: Int) throws {
    guard let request = session.job.trace else { return nil }
    self.request = request
    self.done = done
    communicator = session.communicator
    folder = TraceFolder(run: session.folder.path)
    let (folder, rank, ranks) = (folder, communicator.rank, communicator.size)
    let name = try communicator.broadcast(attempt ?? "")
    self.attempt = name
    file = try session.agreement.together(exitCode: TrainingError.exitCode) {
      try TraceFile(
        path: folder.part(ofRank: rank, attempt: name), rank: rank, limitBytes: request.limitBytes / ranks)
    }
    timeline.reserve(events: RunTrace.eventsOfStep)
  }

  /// A step begins, numbered from 1. Collective where clocks are compared before it.
  func beginStep(_ step: Int) throws {
    guard request.includes(step, after: done) else { return }
    if request.comparesClocks(before: step, after: done), let clock = try RankClock.compare(communicator) {
      file.add(clock)
    }
    if !file.isFull { timeline.beginStep(step) }
  }

  /// A step is over, or has failed.
  func endStep() {
    guard timeline.ifOn != nil else { return }
    timeline.noteMemory()
    timeline.endStep()
    file.add(timeline)
  }

  /// Puts all parts into one file on rank 0. Collective. What cannot be written is told and harms no run.
  func join(say: (String) -> Void) throws {
    communicator.activity.enter(.finishing)
    if let clock = try RankClock.compare(communicator) { file.add(clock) }
    file.add(timeline)
    let own = (try? AtomicFile.read(file.path, limit: 1 << 30)) ?? []
    let parts = try communicator.gather(own)
    var isWritten: Int32 = 0
    if let parts {
      let whole = folder.whole(ofAttempt: attempt)
      do {
        let trace = JoinedTrace(try parts.enumerated().map { try TracePart($1, rank: $0, path: file.path) })
        try AtomicFile.write(trace.bytes, to: whole)
        say("trace of \(trace.words) in \(whole); open it with https://ui.perfetto.dev or chrome://tracing")
        isWritten = 1
      } catch {
        say("the trace could not be joined: \(error); its parts are in \(folder.parts(ofAttempt: attempt))")
      }
    }
    if try communicator.allReduce(isWritten, .max) == 1 {
      folder.removePart(ofRank: communicator.rank, attempt: attempt)
    }
  }
}

extension Timeline {
  /// Notes the memory of activations in use, and what was handed to reductions so far.
  func noteMemory() {
    note("activations", StoragePool.shared.usage.liveBytes)
    note("reduced", reducedBytes)
  }
}
