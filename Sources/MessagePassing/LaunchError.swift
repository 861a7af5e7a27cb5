/// The job was started in a way in which its ranks cannot work together.
public enum LaunchError: Error, Equatable, CustomStringConvertible {
  /// The launcher's environment and MPI disagree about the number of ranks.
  case separateWorlds(launcher: String, expected: Int, found: Int)
  /// `srun` started several tasks without a way for them to find each other.
  case withoutProcessManagement(tasks: Int)
  /// The MPI library does not give the thread level that is needed.
  case threadLevel(wanted: Int32, provided: Int32)
  /// The test-only variable that harms a process cannot be read.
  case invalidTestFault(String)

  /// The code with which a job that fails so ends: 64 where the command line is wrong, 70 where the library is.
  public var exitCode: Int32 {
    switch self {
    case .separateWorlds, .withoutProcessManagement, .invalidTestFault: 64
    case .threadLevel: 70
    }
  }

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .separateWorlds(let launcher, let expected, let found):
      """
      \(launcher) says that this job has \(expected) \(expected == 1 ? "rank" : "ranks"), MPI says \(found): the ranks \
      would not work together. Start it with the mpirun of the Open MPI that it was built with (`mpirun --version`), or \
      with `srun --mpi=pmix`; to run alone on purpose, unset \(launcher)
      """
    case .withoutProcessManagement(let tasks):
      """
      srun started \(tasks) tasks that cannot find each other: use `srun --mpi=pmix` (`srun --mpi=list` shows what \
      there is), or mpirun inside the allocation
      """
    case .threadLevel(let wanted, let provided):
      """
      the MPI library provides thread level \(provided), level \(wanted) (MPI_THREAD_SERIALIZED) is needed: \
      use an Open MPI built with thread support
      """
    case .invalidTestFault(let value):
      "LOCKSTEP_TEST_FAULT is \"\(value)\"; it must be ACTION:RANK:STEP:PHASE:NUMBER, and is for tests only"
    }
  }
}
