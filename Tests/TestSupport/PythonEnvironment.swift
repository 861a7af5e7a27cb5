import Foundation

/// Python for tests that compare with other programs.
public enum PythonEnvironment {
  /// What made it impossible.
  public struct Failure: Error, CustomStringConvertible {
    /// The sentence, with what the failed command said.
    public let description: String
  }

  /// The interpreter of a virtual environment in `.build/python/NAME`, which is made when it is not there.
  /// - Parameters:
  ///   - packages: what `pip install` is given; an environment of others is made anew.
  ///   - timeoutSeconds: for the installation.
  public static func interpreter(
    _ name: String, packages: [String], timeoutSeconds: Int = 900
  ) throws -> String {
    let folder = MPIRun.repository.appendingPathComponent(".build/python/\(name)")
    let (python, receipt) = (folder.path + "/bin/python", folder.appendingPathComponent("installed"))
    let wanted = packages.joined(separator: " ")
    if (try? String(contentsOf: receipt, encoding: .utf8)) == wanted { return python }
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(
      at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
    try run(["python3", "-m", "venv", folder.path], timeoutSeconds: 120)
    try run(
      [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"] + packages,
      timeoutSeconds: timeoutSeconds)
    try wanted.write(to: receipt, atomically: true, encoding: .utf8)
    return python
  }

  /// The first interpreter on this machine that has NumPy.
  public static func withNumPy() throws -> String {
    for python in ["/usr/bin/python3", "python3"] {
      let trial = try MPIRun.startAlone(command: [python, "-c", "import numpy"], timeoutSeconds: 60).wait()
      if trial.code == 0 { return python }
    }
    throw Failure(
      description: "no python3 here has NumPy; launch/test installs it, by hand: apt-get install python3-numpy")
  }

  private static func run(_ command: [String], timeoutSeconds: Int) throws {
    let result = try MPIRun.startAlone(command: command, timeoutSeconds: timeoutSeconds).wait()
    if result.code != 0 {
      throw Failure(description: "\(command.joined(separator: " ")) failed: \(result.summary)")
    }
  }
}
