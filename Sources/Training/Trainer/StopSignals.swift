import Glibc
import Synchronization

/// Whether this process was asked to stop: INT, TERM and USR1 set a flag and do nothing else.
///
/// The ranks agree on it in the next step's reduction, since each may get the signal at another time.
enum StopSignals {
  private static let flag = Atomic<Bool>(false)

  /// Begins to watch, also where the process that started this one had blocked the signals.
  static func install() {
    var watched = sigset_t()
    sigemptyset(&watched)
    for signal in [SIGINT, SIGTERM, SIGUSR1] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in StopSignals.flag.store(true, ordering: .relaxed) }
      action.sa_flags = SA_RESTART
      sigaction(signal, &action, nil)
      sigaddset(&watched, signal)
    }
    sigprocmask(SIG_UNBLOCK, &watched, nil)
  }

  /// Whether a signal has come.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }
}
