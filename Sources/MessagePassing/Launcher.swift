import Glibc

/// What the environment says about who started this process, and with how many others.
///
/// A rank that is started by the launcher of one MPI and linked with another comes up as a world of its own; P of them
/// would train P models and write to one folder. The environment tells them apart.
public struct Launcher: Equatable, Sendable {
  /// The environment variable that told.
  public let variable: String
  /// The number of ranks in the job, where the launcher tells it.
  public let ranks: Int?
  /// This process's rank, where the launcher tells it.
  public let rank: Int?

  /// Reads the environment; nil where nothing there speaks of a launcher.
  ///
  /// Open MPI's variables come first: under mpirun inside a Slurm allocation, Slurm's own describe the daemons.
  /// - Parameter variable: gives an environment variable's value; by default the process's own.
  public init?(environment variable: (String) -> String? = Launcher.environmentVariable) {
    func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) } }
    if let ranks = number("OMPI_COMM_WORLD_SIZE") {
      self.init(variable: "OMPI_COMM_WORLD_SIZE", ranks: ranks, rank: number("OMPI_COMM_WORLD_RANK"))
    } else if let ranks = number("PMI_SIZE") {
      self.init(variable: "PMI_SIZE", ranks: ranks, rank: number("PMI_RANK"))
    } else if let rank = number("SLURM_PROCID"), number("SLURM_STEP_ID") ?? number("SLURM_STEPID") != nil,
      let ranks = number("SLURM_STEP_NUM_TASKS") ?? number("SLURM_NTASKS")
    {
      // Without a step this is the batch script itself, a process alone, whatever SLURM_NTASKS says of the job.
      let variable = number("SLURM_STEP_NUM_TASKS") == nil ? "SLURM_NTASKS" : "SLURM_STEP_NUM_TASKS"
      self.init(variable: variable, ranks: ranks, rank: rank)
    } else if let rank = number("PMIX_RANK") {
      self.init(variable: "PMIX_RANK", ranks: nil, rank: rank)
    } else {
      return nil
    }
  }

  init(variable: String, ranks: Int?, rank: Int?) {
    self.variable = variable
    self.ranks = ranks
    self.rank = rank
  }

  /// What must be refused before MPI starts, because MPI itself would abort with less help.
  public static func checkBeforeStart(
    environment variable: (String) -> String? = Launcher.environmentVariable
  ) throws(LaunchError) {
    guard let launcher = Launcher(environment: variable), launcher.variable.hasPrefix("SLURM_"),
      let tasks = launcher.ranks, tasks > 1
    else { return }
    if variable("PMIX_RANK") == nil && variable("PMI_RANK") == nil && variable("PMIX_NAMESPACE") == nil {
      throw .withoutProcessManagement(tasks: tasks)
    }
  }

  /// Throws unless MPI's world is the one that the launcher started.
  public func check(worldSize: Int) throws(LaunchError) {
    if let ranks, ranks != worldSize {
      throw .separateWorlds(launcher: variable, expected: ranks, found: worldSize)
    }
    if let rank, rank >= worldSize {
      throw .separateWorlds(launcher: variable, expected: rank + 1, found: worldSize)
    }
  }

  /// The value of a variable of this process's environment.
  public static func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
