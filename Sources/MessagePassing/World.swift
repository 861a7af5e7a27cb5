import CMPI
import Glibc

/// MPI, from its start to its end, in this process: all ranks of the job.
///
/// A process makes one world, once, on the thread that will use it. Works under `mpirun`, under `srun --mpi=pmix` and
/// alone. A world that is dropped without ``finish()`` is left unfinished on purpose: that is a rank that failed, and
/// the launcher then ends the other ranks. ``run(exitCode:refusesSeparateWorlds:_:)`` does all of this for a command.
public struct World: ~Copyable {
  /// All ranks. Its operations and those of its duplicates belong to the thread that made the world.
  public let communicator: Communicator

  /// Starts MPI.
  ///
  /// Asks for MPI_THREAD_SERIALIZED: one thread at a time calls MPI. Sets errors to be returned. Before the start it
  /// sets, unless the environment already says otherwise, the all-reduce algorithms that complete the balanced tree
  /// over ranks and were fastest: Rabenseifner's for blocking and for nonblocking calls. Measured with two ranks on
  /// shared memory at 1 MiB in place: 128 µs and 130 µs; recursive doubling 190 µs, and the nonblocking default
  /// (binomial) 280 µs.
  /// - Parameter refusesSeparateWorlds: whether a launcher that speaks of other ranks than MPI's is an error.
  /// - Throws: ``LaunchError`` when this process is one of several that MPI does not connect, or the thread level is
  ///   not given; ``MPIError``.
  public static func start(refusesSeparateWorlds: Bool = true) throws -> World {
    try Launcher.checkBeforeStart()
    var initialized: Int32 = 0
    try check(MPI_Initialized(&initialized), "MPI_Initialized")
    precondition(initialized == 0, "a process has one world, and it was started before")
    for (name, value) in settings { setenv("OMPI_MCA_" + name, value, 0) }
    var provided: Int32 = 0
    try check(MPI_Init_thread(nil, nil, cmpi_thread_serialized(), &provided), "MPI_Init_thread")
    do {
      try check(MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return()), "MPI_Comm_set_errhandler")
      guard provided >= cmpi_thread_serialized() else {
        throw LaunchError.threadLevel(wanted: cmpi_thread_serialized(), provided: provided)
      }
      let communicator = try Communicator(world: cmpi_comm_world())
      if refusesSeparateWorlds { try Launcher()?.check(worldSize: communicator.size) }
      return World(communicator: communicator)
    } catch let error as LaunchError {
      MPI_Finalize()  // each of the separate worlds ends by itself, with the error's code
      throw error
    }
  }

  private init(communicator: Communicator) { self.communicator = communicator }

  /// Open MPI's parameters that are set where the environment does not set them.
  private static let settings = [
    ("coll_tuned_use_dynamic_rules", "1"),  // without it the next is ignored
    ("coll_tuned_allreduce_algorithm", "6"),
    ("coll_libnbc_iallreduce_algorithm", "3"),
    ("coll_han_priority", "0"),  // two-level and arrival-driven sums have another order
    ("coll_adapt_priority", "0"),
    ("ess_singleton_isolated", "1"),  // alone there is no daemon to start
  ]

  /// Ends MPI, on all ranks together. Frees the communicators that were made from this world's, in the order of their
  /// making.
  ///
  /// Every nonblocking operation must have been completed.
  public consuming func finish() throws(MPIError) {
    try communicator.freeDerived()
    try check(MPI_Finalize(), "MPI_Finalize")
  }

  /// The MPI library's name and version, in one line.
  public static var libraryVersion: String {
    var length: Int32 = 0
    return withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(cmpi_max_library_version_string()) + 1
    ) { text in
      text.initialize(repeating: 0)
      MPI_Get_library_version(text.baseAddress, &length)
      return String(cString: text.baseAddress!)
    }
  }
}
