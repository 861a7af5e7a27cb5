import Checkpoints
import DataParallel
import Foundation
import MessagePassing
import PackedTensors

/// `lockstep doctor`: whether a job would run well where this one was started, found out before it is.
public struct Doctor: Sendable {
  /// Folder of the data set that the job will read, if that is to be looked at.
  public var data: String?
  /// Folder of the run that it will write, if that is to be looked at.
  public var out: String?
  /// Compute threads of each rank.
  public var threads: Int

  /// A look at this place, for a job of so many threads a rank.
  public init(data: String?, out: String?, threads: Int) {
    (self.data, self.out, self.threads) = (data, out, threads)
  }

  /// Starts MPI, looks on all ranks, ends MPI, and returns the exit code: 0, or 1 where there are findings.
  /// - Parameter show: is given the report on rank 0 alone.
  public func run(show: (DoctorReport) throws -> Void) -> Int32 {
    // Where ranks cannot find each other MPI would not even start, or start as many worlds: that is a finding too.
    guard (try? Launcher.checkBeforeStart()) != nil else {
      let communicator = Communicator.alone()
      do {
        return try examine(communicator, show)
      } catch {
        World.abort(code: TrainingError.exitCode(of: error), message: "\(error)")
      }
    }
    return World.run(exitCode: TrainingError.exitCode, refusesSeparateWorlds: false) { world in
      try examine(world.communicator, show)
    }
  }

  private func examine(_ communicator: Communicator, _ show: (DoctorReport) throws -> Void) throws -> Int32 {
    setFloatEnvironment()
    let contact = FirstContact(rank: communicator.rank, of: communicator.size)
    let all = try Place.all(communicator)
    contact.wasMade()
    // From here on a rank that does not come along is named, and the job ends.
    let watchdog = try Watchdog(
      communicator, limits: WatchdogLimits(seconds: 30, startSeconds: 30, storageSeconds: 120))
    defer { watchdog.stop() }
    let agreement = Agreement(communicator: communicator)
    var examination = Examination(
      world: Surroundings(communicator: communicator, places: all))
    try examination.make(LaunchCheck())
    try examination.make(CoresCheck(threads: threads))
    try examination.make(InstructionSetCheck())
    try examination.make(ProgramCheck())
    try examination.make(MemoryCheck())
    try examination.make(LimitsCheck())
    let memory = try examination.make(SharedMemoryCheck())
    // Where single copies are refused, every long message is an error's line.
    let isRefused = try agreement.any(memory.singleCopy == .refused)
    try examination.make(ClockCheck())
    try examination.make(NetworkCheck(measuresWithinHost: !isRefused))
    try examination.make(SumsCheck())
    try examination.make(DatasetCheck(path: data))
    try examination.make(RunFolderCheck(path: out))
    let report = examination.report
    let code = try agreement.largest(report.findings.isEmpty ? 0 : 1)
    // Each of separate worlds has a rank 0; the launcher tells them apart.
    let launcher = Launcher()
    let isFirst = communicator.size > 1 ? communicator.rank == 0 : (launcher?.rank ?? 0) == 0
    if isFirst { try show(report) }
    return code
  }
}

/// Makes checks one after another, and puts together on rank 0 what they say.
private struct Examination {
  let world: Surroundings
  var report: DoctorReport

  init(world: Surroundings) {
    self.world = world
    report = DoctorReport(places: world.places)
  }

  /// Every rank looks, and gets what it saw; rank 0 gathers and judges. Collective.
  @discardableResult mutating func make<C: Check>(_ check: C) throws -> C.Observation {
    world.communicator.activity.enter(Activity.Phase(C.name, C.patience))
    let own = try check.observe(world)
    guard let all = try world.communicator.gather(Array(StableJSON.encode(own))) else { return own }
    let seen = try zip(world.places, all).map { place, bytes in
      Seen(place: place, what: try JSONDecoder().decode(C.Observation.self, from: Data(bytes)))
    }
    try report.add(check, seen)
    return own
  }
}
