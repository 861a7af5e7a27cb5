import Foundation
import TestSupport
import Testing

/// Hosts of `cluster/netns`: namespaces of this machine, with ssh and TCP between them. They go when the object does.
final class EmulatedHosts {
  /// A process on an emulated host.
  struct Member {
    var process: pid_t
    /// Its command line.
    var words: [String]
    /// The name of its program, without folders.
    var program: String { ((words.first ?? "") as NSString).lastPathComponent }
  }

  private static let scripts = MPIRun.repository.appendingPathComponent("cluster/netns").path

  /// What this machine lacks for emulated hosts; nil for nothing.
  static let lacks: String? = {
    guard let result = try? script("up", ["--check"]) else { return "cluster/netns/up cannot be run" }
    return result.code == 0 ? nil : result.errors
  }()

  let state: String
  let names: [String]

  /// Makes hosts `node-1`, `node-2`, ….
  init(_ count: Int) throws {
    state = Workplace.place("hosts")
    names = (1...count).map { "node-\($0)" }
    let result = try EmulatedHosts.script("up", ["--hosts", "\(count)", "--state", state])
    try #require(result.code == 0, "\(result.summary)")
  }

  deinit {
    let result = try? EmulatedHosts.script("down", ["--state", state])
    #expect(result?.code == 0, "\(result?.summary ?? "cluster/netns/down cannot be run")")
  }

  private static func script(_ name: String, _ arguments: [String]) throws -> MPIRun.Result {
    try MPIRun.startAlone(command: ["\(scripts)/\(name)"] + arguments, timeoutSeconds: 60).wait()
  }

  /// Starts a command on a host.
  func start(on host: String = "node-1", _ command: [String], timeoutSeconds: Int = 60) throws -> MPIRun.Job {
    try MPIRun.startAlone(
      command: ["\(EmulatedHosts.scripts)/run", "--state", state, host] + command, timeoutSeconds: timeoutSeconds)
  }

  /// Runs a command on a host and expects it to succeed.
  func run(on host: String, _ line: String) throws {
    let result = try start(on: host, ["sh", "-c", line]).wait()
    #expect(result.code == 0, "\(line) on \(host): \(result.summary)")
  }

  /// Cuts a host off (`down`), or joins it again (`up`).
  func link(_ host: String, _ change: String) throws {
    let result = try EmulatedHosts.script("link", ["--state", state, host, change])
    #expect(result.code == 0, "\(result.summary)")
  }

  /// What runs on a host, beside its ssh server.
  func members(of host: String) throws -> [Member] {
    let network = try text("\(state)/\(host)/process").split(separator: " ")[1].filter { $0 != "\n" }
    return try CommandTests.names("/proc").compactMap { entry in
      guard let process = pid_t(entry),
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/ns/net")) == network,
        let line = try? bytes("/proc/\(entry)/cmdline")
      else { return nil }
      let member = Member(
        process: process, words: line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
      return member.program.hasPrefix("sshd") || member.words == ["sleep", "infinity"] ? nil : member
    }
  }

  /// Kills the processes of a program on a host; returns how many there were.
  @discardableResult func killAll(_ program: String, on host: String) throws -> Int {
    let found = try members(of: host).filter { $0.program == program }
    for member in found { kill(member.process, SIGKILL) }
    return found.count
  }

  /// Seconds until nothing, or none of a program's processes, runs on the hosts any more; nil where that takes longer than a
  /// limit.
  func secondsToSilence(_ hosts: [String], of program: String? = nil, limit: Double) throws -> Double? {
    let start = Date()
    while Date().timeIntervalSince(start) < limit {
      let left = try hosts.flatMap(members).filter { program == nil || $0.program == program }
      if left.isEmpty { return Date().timeIntervalSince(start) }
      usleep(50_000)
    }
    return nil
  }
}
