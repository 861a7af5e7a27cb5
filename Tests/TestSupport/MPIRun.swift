import Foundation

/// Starts executables of this package as ranks of an MPI job, as a test does: with a time limit, and reporting leaked
/// handles.
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

  /// The repository's folder: the one above the build's.
  public static let repository: URL = {
    var folder = products
    while folder.path != "/"
      && !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path)
    { folder.deleteLastPathComponent() }
    return folder
  }()

  /// Starts any command line, found by PATH.
  public static func startAlone(command: [String], environment: [String: String] = [:], timeoutSeconds: Int) throws
    -> Job
  {
    try Job(command, environment: environment, timeoutSeconds: timeoutSeconds)
  }

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
    try start(
      ranks: ranks, name, arguments, environment: environment, options: options, timeoutSeconds: timeoutSeconds
    ).wait()
  }

  /// Runs `NAME ARGUMENT …` by itself, without mpirun.
  public static func runAlone(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], timeoutSeconds: Int = 60
  ) throws -> Result {
    try startAlone(name, arguments, environment: environment, timeoutSeconds: timeoutSeconds).wait()
  }

  /// As ``run(ranks:_:_:environment:options:timeoutSeconds:)``, but returns while the job runs.
  public static func start(
    ranks: Int, _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], options: [String] = [],
    timeoutSeconds: Int = 60
  ) throws -> Job {
    var settings = [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_show_handle_leaks": "1",
      "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
      "MPIEXEC_TIMEOUT": "\(timeoutSeconds)",
    ]
    settings.merge(environment) { $1 }
    return try Job(
      ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"] + options + [executable(name)] + arguments,
      environment: settings, timeoutSeconds: timeoutSeconds + 5)
  }

  /// As ``runAlone(_:_:environment:timeoutSeconds:)``, but returns while the process runs.
  /// - Parameter wrapper: what the command line is handed to: `["sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"]`.
  public static func startAlone(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = [],
    timeoutSeconds: Int = 60
  ) throws -> Job {
    try Job(wrapper + [executable(name)] + arguments, environment: environment, timeoutSeconds: timeoutSeconds)
  }
}
