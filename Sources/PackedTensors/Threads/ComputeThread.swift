internal import CKernels
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A thread that computes what it is handed, one piece of work after another, for as long as the process lives.
///
/// Between two operations of a step lie some tens of microseconds. A thread that sleeps there begins late, on a virtual
/// machine by as much again, so this one looks for work a while before it sleeps.
final class ComputeThread: Sendable {
  /// How often it looks before it sleeps: 0.1 to 0.2 ms on an Intel Xeon, where a pause is long.
  private static let looks = 4096

  private enum State {
    static let looking = 0
    static let asleep = 1
    static let handed = 2
    static let working = 3
  }

  private let state = Atomic<Int>(State.looking)
  private let alarm = DispatchSemaphore(value: 0)
  /// Written while the thread does not work, read by it once it does.
  nonisolated(unsafe) private var work: UnsafePointer<() -> Void>?

  /// Starts the thread; nil where the system gives none.
  init?() {
    let thread = BackgroundThread { [self] in
      setFloatEnvironment()
      while true { computeNext() }
    }
    guard let thread else { return nil }
    thread.detach()
  }

  /// Hands over work, which must stay in place until ``finish()`` has returned.
  func begin(_ work: UnsafePointer<() -> Void>) {
    self.work = work
    let before = state.exchange(State.handed, ordering: .acquiringAndReleasing)
    precondition(before <= State.asleep, "a compute thread was handed work before it finished")
    if before == State.asleep { alarm.signal() }
  }

  /// Takes back what was handed over if the thread has not begun with it; else returns when it is done, and what it wrote
  /// can be read.
  func finish() {
    if move(from: State.handed, to: State.looking) { return }
    var looked = 0
    while state.load(ordering: .acquiring) == State.working {
      looked += 1
      // It has one piece left, however long: the caller does not sleep, but makes way where it is in the way.
      if looked < Self.looks { ck_pause() } else { sched_yield() }
    }
  }

  private func computeNext() {
    var looked = 0
    while !(state.load(ordering: .relaxed) == State.handed && move(from: State.handed, to: State.working)) {
      looked += 1
      if looked < Self.looks {
        ck_pause()
      } else if move(from: State.looking, to: State.asleep) {
        alarm.wait()
        looked = 0
      }
    }
    perform()
    state.store(State.looking, ordering: .releasing)
  }

  /// On its own, so that nothing of the work is held any more when it returns.
  @inline(never)
  private func perform() { work!.pointee() }

  private func move(from old: Int, to new: Int) -> Bool {
    state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}
