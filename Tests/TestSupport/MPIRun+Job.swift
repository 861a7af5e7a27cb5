import Foundation

extension MPIRun {
  /// A command that runs, alone or as ranks.
  public final class Job {
    private let process = Process()
    private let folder: URL
    private let start = Date()
    private let timeoutSeconds: Int

    /// Starts a command line, found by PATH.
    init(_ command: [String], environment: [String: String], timeoutSeconds: Int) throws {
      self.timeoutSeconds = timeoutSeconds
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = command
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      // Files, not pipes: a rank that outlives mpirun would keep a pipe open and the reader waiting.
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-run-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      process.standardOutput = try file("output")
      process.standardError = try file("errors")
      // A child inherits its thread's mask, and threads of the test runner block the very signals that are to be sent.
      var none = sigset_t()
      var before = sigset_t()
      sigemptyset(&none)
      pthread_sigmask(SIG_SETMASK, &none, &before)
      defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
      try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ name: String) throws -> FileHandle {
      let place = folder.appendingPathComponent(name)
      try Data().write(to: place)
      return try FileHandle(forWritingTo: place)
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// What has been said on standard error so far.
    public var errorsSoFar: String { text("errors") }

    private func text(_ name: String) -> String {
      (try? Data(contentsOf: folder.appendingPathComponent(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Sends a signal to the process: mpirun, where there are ranks.
    public func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until a condition holds, the process has ended or its time is up; returns whether it holds.
    public func wait(until condition: () throws -> Bool) rethrows -> Bool {
      while true {
        if try condition() { return true }
        if !process.isRunning || Date().timeIntervalSince(start) > Double(timeoutSeconds) { return try condition() }
        usleep(2_000)
      }
    }

    /// Waits for its end, or its time limit.
    public func wait() -> Result {
      var timedOut = false
      while process.isRunning {
        let seconds = Date().timeIntervalSince(start)
        if seconds > Double(timeoutSeconds) + 10 {
          send(SIGKILL)
        } else if seconds > Double(timeoutSeconds) && !timedOut {
          timedOut = true
          process.terminate()  // mpirun then kills its ranks
        }
        usleep(5_000)
      }
      let signalled = process.terminationReason == .uncaughtSignal
      return Result(
        code: signalled ? 128 + process.terminationStatus : process.terminationStatus, output: text("output"),
        errors: text("errors"), seconds: Date().timeIntervalSince(start), timedOut: timedOut)
    }
  }
}
