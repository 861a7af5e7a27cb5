internal import CKernels
import Dispatch
import Foundation
import Synchronization

/// A thread that computes what it is handed, one piece of work after another, for as long as the process lives.
///
/// Between two operations of a step lie some tens of microseconds. A thread that sleeps there begins late, on a virtual
/// machine by as much again, so this one looks for work a while before it sleeps.
final class ComputeThread: Sendable {
  /// How often it looks before it sleeps: about 0.1 to 0.2 ms.
  private static let looks = 4096

  private enum State {
    static let looking = 0
    static let asleep = 1
    static let working = 2
  }

  private let state = Atomic<Int>(State.looking)
  private let alarm = DispatchSemaphore(value: 0)
  /// Written before `state` says that there is work, read after.
  nonisolated(unsafe) private var work: UnsafePointer<() -> Void>?

  /// Starts thread `number`.
  init(number: Int) {
    let thread = Thread { [self] in
      setFloatEnvironment()
      while true { computeNext() }
    }
    thread.name = "compute \(number)"
    thread.start()
  }

  /// Hands over work, which must stay in place until ``waitUntilDone()`` has returned.
  func begin(_ work: UnsafePointer<() -> Void>) {
    self.work = work
    let before = state.exchange(State.working, ordering: .acquiringAndReleasing)
    precondition(before != State.working, "a compute thread was handed work while it works")
    if before == State.asleep { alarm.signal() }
  }

  /// Returns when what was handed over last is done; what it wrote can be read then.
  func waitUntilDone() {
    var looked = 0
    while state.load(ordering: .acquiring) == State.working {
      looked += 1
      // With more threads than processors the one waited for may not be running.
      if looked < Self.looks { ck_pause() } else { sched_yield() }
    }
  }

  private func computeNext() {
    var looked = 0
    while state.load(ordering: .acquiring) != State.working {
      looked += 1
      guard looked > Self.looks else {
        ck_pause()
        continue
      }
      let sleeps = state.compareExchange(
        expected: State.looking, desired: State.asleep, ordering: .acquiringAndReleasing)
      if sleeps.exchanged { alarm.wait() }
    }
    perform()
    state.store(State.looking, ordering: .releasing)
  }

  /// On its own, so that nothing of the work is held any more when it returns.
  @inline(never)
  private func perform() { work!.pointee() }
}
