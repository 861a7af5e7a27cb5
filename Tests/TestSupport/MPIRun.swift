import Foundation

/// Starts executables of this package as ranks of an MPI job, as a test does: with a time limit, and reporting leaked handles.
public enum MPIRun {
  /// What a job left behind.
  public struct Result: Sendable {
    /// The exit code; 128 + n where signal n ended the process.
    public let code: Int32
    /// Standard output of all ranks.
    public let output: String
    /// Standard error of all ranks and of mpirun.
    public let errors: String
    /// Wall time.
    public let seconds: Double
    /// Whether it was killed because its time was up.
    public let timedOut: Bool

    /// The lines of standard output.
    public var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// Everything, for a failing expectation.
    public var summary: String {
      "exit code \(code) after \(seconds) s\(timedOut ? ", killed at its time limit" : "")\n\(output)\(errors)"
    }
  }

  /// The folder in which the build puts executables: the one that holds the running test bundle.
  public static let products: URL = {
    let running =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: running).deletingLastPathComponent()
  }()

  /// The path of an executable of this package.
  public static func executable(_ name: String) -> String { products.appendingPathComponent(name).path }

  /// Runs `mpirun -n RANKS NAME ARGUMENT …`.
  /// - Parameters:
  ///   - ranks: may be more than there are cores; ranks then yield while they wait.
  ///   - name: an executable of this package.
  ///   - arguments: its arguments.
  ///   - environment: added to this process's environment, which mpirun hands to ranks on the same machine.
  ///   - options: further options of mpirun.
  ///   - timeoutSeconds: then mpirun is asked to end, and killed if it does not.
  public static func run(
    ranks: Int, _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], options: [String] = [],
    timeoutSeconds: Int = 60
  ) throws -> Result {
    var settings = [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_show_handle_leaks": "1",
      "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
      "MPIEXEC_TIMEOUT": "\(timeoutSeconds)",
    ]
    settings.merge(environment) { $1 }
    return try start(
      ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"] + options + [executable(name)] + arguments,
      environment: settings, timeoutSeconds: timeoutSeconds + 5)
  }

  /// Runs `NAME ARGUMENT …` by itself, without mpirun.
  public static func runAlone(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], timeoutSeconds: Int = 60
  ) throws -> Result {
    try start([executable(name)] + arguments, environment: environment, timeoutSeconds: timeoutSeconds)
  }

  /// Runs a command line, found by PATH, to its end or its time limit.
  private static func start(
    _ command: [String], environment: [String: String], timeoutSeconds: Int
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: a rank that outlives mpirun would keep a pipe open and the reader waiting.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["output", "errors"].map { folder.appendingPathComponent($0) }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])

    let start = Date()
    try process.run()
    var timedOut = false
    while process.isRunning {
      let seconds = Date().timeIntervalSince(start)
      if seconds > Double(timeoutSeconds) + 10 {
        kill(process.processIdentifier, SIGKILL)
      } else if seconds > Double(timeoutSeconds) && !timedOut {
        timedOut = true
        process.terminate()  // mpirun then kills its ranks
      }
      usleep(10_000)
    }
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    let signalled = process.terminationReason == .uncaughtSignal
    return Result(
      code: signalled ? 128 + process.terminationStatus : process.terminationStatus, output: texts[0], errors: texts[1],
      seconds: Date().timeIntervalSince(start), timedOut: timedOut)
  }
}
