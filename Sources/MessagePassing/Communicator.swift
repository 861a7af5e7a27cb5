import CMPI

/// A group of ranks that can talk, apart from every other communicator's talk.
///
/// Confined to the thread that made it. Every operation but ``PendingReduction/test()`` is collective: all ranks call
/// it, in the same order. The operations of a communicator of one rank call no function of MPI; ``alone()`` needs no
/// MPI at all.
///
/// Those made by ``duplicate(elementsPerCall:)`` and ``splitShared()`` live until the world ends, which frees them on
/// all ranks in the order of their making: a rank that drops one early after an error could otherwise block in freeing
/// it.
public final class Communicator {
  /// This process's number, `0 ..< size`.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// Nil for ``alone``.
  let handle: MPI_Comm?
  /// The most elements that one call of MPI is given, whose counts are 32-bit; longer buffers go in several calls.
  let elementsPerCall: Int
  /// What this rank is doing; shared by all communicators of a world.
  public let activity: Activity
  /// Handles to be freed at the end; shared by all communicators of a world.
  private let derived: DerivedHandles
  /// Operations under way, kept until they are complete.
  var pending: [PendingReduction] = []

  private final class DerivedHandles {
    var handles: [MPI_Comm?] = []
  }

  /// The default of `elementsPerCall`.
  public static let defaultElementsPerCall = 1 << 30

  private init(
    handle: MPI_Comm?, rank: Int, size: Int, elementsPerCall: Int, derived: DerivedHandles, activity: Activity
  ) {
    precondition(
      (1...Int(Int32.max)).contains(elementsPerCall), "MPI cannot take \(elementsPerCall) elements in a call")
    self.handle = handle
    self.rank = rank
    self.size = size
    self.elementsPerCall = elementsPerCall
    self.derived = derived
    self.activity = activity
  }

  /// The communicator of all ranks.
  convenience init(world: MPI_Comm) throws {
    let (rank, size) = try Communicator.place(in: world)
    self.init(
      handle: world, rank: rank, size: size, elementsPerCall: Communicator.defaultElementsPerCall,
      derived: DerivedHandles(), activity: Activity(fault: try TestFault.fromEnvironment(rank: rank)))
  }

  private static func place(in handle: MPI_Comm?) throws(MPIError) -> (rank: Int, size: Int) {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(MPI_Comm_rank(handle, &rank), "MPI_Comm_rank")
    try check(MPI_Comm_size(handle, &size), "MPI_Comm_size")
    return (Int(rank), Int(size))
  }

  /// One rank by itself, without MPI: what a test, or a tool that never runs under mpirun, uses.
  public static func alone() -> Communicator {
    Communicator(
      handle: nil, rank: 0, size: 1, elementsPerCall: defaultElementsPerCall, derived: DerivedHandles(),
      activity: Activity())
  }

  /// The same ranks, apart from this communicator's messages.
  /// - Parameter elementsPerCall: the most elements given to one call of MPI. Tests make it small to see buffers
  ///   divided.
  public func duplicate(elementsPerCall: Int = Communicator.defaultElementsPerCall) throws(MPIError) -> Communicator {
    guard handle != nil else { return Communicator.alone() }
    var copy: MPI_Comm?
    try activity.collective("MPI_Comm_dup") { MPI_Comm_dup(handle, &copy) }
    return try adopt(copy, elementsPerCall: elementsPerCall)
  }

  /// The ranks that share this rank's memory, that is, its machine: their `rank` and `size` are the local ones.
  public func splitShared() throws(MPIError) -> Communicator {
    guard handle != nil else { return Communicator.alone() }
    var part: MPI_Comm?
    try activity.collective("MPI_Comm_split_type") {
      MPI_Comm_split_type(handle, cmpi_comm_type_shared(), int32(rank), cmpi_info_null(), &part)
    }
    return try adopt(part, elementsPerCall: elementsPerCall)
  }

  private func adopt(_ handle: MPI_Comm?, elementsPerCall: Int) throws(MPIError) -> Communicator {
    try check(MPI_Comm_set_errhandler(handle, cmpi_errors_return()), "MPI_Comm_set_errhandler")
    derived.handles.append(handle)
    let (rank, size) = try Communicator.place(in: handle)
    return Communicator(
      handle: handle, rank: rank, size: size, elementsPerCall: elementsPerCall, derived: derived, activity: activity)
  }

  /// Frees all that were made from this world's communicators.
  func freeDerived() throws(MPIError) {
    precondition(pending.isEmpty, "\(pending.count) nonblocking reductions were never completed")
    for index in derived.handles.indices {
      try activity.collective("MPI_Comm_free") { MPI_Comm_free(&derived.handles[index]) }
    }
    derived.handles.removeAll()
  }

  /// A count or rank as MPI wants it.
  func int32(_ value: Int) -> Int32 {
    guard let converted = Int32(exactly: value) else {
      preconditionFailure("\(value) does not fit MPI's 32-bit counts")
    }
    return converted
  }

  /// Calls `body` with consecutive pieces of `0 ..< count`, none longer than one call takes.
  func inPieces(_ count: Int, _ body: (Range<Int>) throws(MPIError) -> Void) throws(MPIError) {
    var first = 0
    while first < count {
      let next = min(first + elementsPerCall, count)
      try body(first..<next)
      first = next
    }
  }
}
