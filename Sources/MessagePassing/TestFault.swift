import Glibc

/// For tests only: what this process does to itself when it enters a phase, as the environment variable
/// `LOCKSTEP_TEST_FAULT` says, which is read here and nowhere else.
///
/// `ACTION:RANK:STEP:PHASE:NUMBER`, where STEP counts the steps done before. Actions: `kill` (SIGKILL after NUMBER
/// microseconds, while the work goes on), `stop` (SIGSTOP, for NUMBER milliseconds; 0: for ever), `hang` (the thread
/// sleeps NUMBER milliseconds, the process lives), `slow` (from then on every phase begins NUMBER microseconds later).
struct TestFault: Sendable {
  enum Action: String, Sendable {
    case kill, stop, hang, slow
  }

  let action: Action
  let rank: Int
  let step: Int
  let phase: String
  let number: UInt32

  /// What the environment asks of this rank; nil where it asks nothing.
  static func fromEnvironment(rank: Int) throws(LaunchError) -> TestFault? {
    guard let text = Launcher.environmentVariable("LOCKSTEP_TEST_FAULT"), !text.isEmpty else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, let action = Action(rawValue: parts[0]), let ofRank = Int(parts[1]),
      let step = Int(parts[2]), let number = UInt32(parts[4])
    else { throw .invalidTestFault(text) }
    let fault = TestFault(action: action, rank: ofRank, step: step, phase: parts[3], number: number)
    return fault.rank == rank ? fault : nil
  }

  /// A phase begins.
  func met(_ phase: StaticString, step: Int, _ activity: Activity) {
    if action == .slow && step >= self.step {
      usleep(number)
      return
    }
    guard step == self.step, "\(phase)" == self.phase else { return }
    switch action {
    case .kill: kill(activity)
    case .stop: stop()
    case .hang: usleep(1000 * number)
    case .slow: break
    }
  }

  /// A child lets this process go on; it itself can do nothing then.
  private func stop() {
    if number > 0 {
      let line = "sleep \(Double(number) / 1000); kill -CONT \(getpid())"
      var child = pid_t()
      var words: [UnsafeMutablePointer<CChar>?] = ["/bin/sh", "-c", line].map { (word: String) in strdup(word) }
      words.append(nil)
      defer { words.forEach { free($0) } }
      precondition(posix_spawn(&child, "/bin/sh", nil, nil, words, environ) == 0, "no child that would send SIGCONT")
    }
    Glibc.kill(getpid(), SIGSTOP)
  }

  /// At once, or on a thread of its own, so that the work goes on until then.
  private func kill(_ activity: Activity) {
    guard number > 0 else { TestFault.end(activity) }
    let end = Unmanaged.passRetained(End(activity: activity, microseconds: number)).toOpaque()
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { end in
        let end = Unmanaged<End>.fromOpaque(end!).takeRetainedValue()
        usleep(end.microseconds)
        TestFault.end(end.activity)
      }, end)
  }

  /// Says where the rank stands, and kills it.
  private static func end(_ activity: Activity) -> Never {
    let now = activity.snapshot
    let line =
      "lockstep: test fault: killed at step \(now.step + 1), phase \"\(now.phase)\", in \(now.function ?? "no call")\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    Glibc.kill(getpid(), SIGKILL)
    while true { pause() }
  }

  private final class End {
    let activity: Activity
    let microseconds: UInt32

    init(activity: Activity, microseconds: UInt32) {
      self.activity = activity
      self.microseconds = microseconds
    }
  }
}
