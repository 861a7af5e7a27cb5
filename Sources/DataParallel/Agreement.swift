import MessagePassing

/// Small decisions that all ranks must take alike, each a collective call.
public struct Agreement {
  private let communicator: Communicator

  /// - Parameter communicator: the ranks that must agree.
  public init(communicator: Communicator) { self.communicator = communicator }

  /// The largest of the ranks' values: of stop signals, for example, the strongest that any rank has seen.
  public func largest(_ value: Int32) throws(MPIError) -> Int32 { try communicator.allReduce(value, .max) }

  /// Whether any rank says yes.
  public func any(_ flag: Bool) throws(MPIError) -> Bool { try largest(flag ? 1 : 0) == 1 }

  /// Whether all ranks say yes.
  public func all(_ flag: Bool) throws(MPIError) -> Bool { try largest(flag ? 0 : 1) == 0 }

  /// Throws on all ranks, naming those that differ from rank 0, unless all give the same text.
  /// - Parameters:
  ///   - text: a hash, or anything short.
  ///   - what: what it describes, at the start of a sentence: "The data set's dataset.json".
  public func requireSame(_ text: String, of what: String) throws {
    let texts = try communicator.allGather(text)
    let ranks = texts.indices.filter { texts[$0] != texts[0] }
    guard !ranks.isEmpty else { return }
    let hosts = try communicator.allGather(World.hostName)
    throw DataParallelError.disagreement(what: what, ranks: ranks, hosts: ranks.map { hosts[$0] })
  }

  /// Rank 0 runs `body`; its bytes, or its error, reach all ranks.
  /// - Parameter exitCode: the code with which the job is to end for an error.
  /// - Throws: on all ranks, ``DataParallelError/rankFailed(rank:host:exitCode:message:)`` if `body` throws.
  public func fromFirstRank(
    exitCode: (any Error) -> Int32, _ body: () throws -> [UInt8]
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var failure: (any Error)?
    if communicator.rank == 0 {
      do { bytes = try body() } catch { failure = error }
    }
    try throwFirst(failure, exitCode: exitCode)
    return try communicator.broadcast(bytes)
  }

  /// Every rank runs `body`, which makes no collective call; if it fails on any, all throw the lowest such rank's
  /// error.
  /// - Parameter exitCode: the code with which the job is to end for an error.
  /// - Throws: on all ranks, ``DataParallelError/rankFailed(rank:host:exitCode:message:)`` if `body` throws on one.
  public func together<Result>(exitCode: (any Error) -> Int32, _ body: () throws -> Result) throws -> Result {
    var result: Result? = nil
    var failure: (any Error)?
    do { result = try body() } catch { failure = error }
    try throwFirst(failure, exitCode: exitCode)
    guard let result else { preconditionFailure("a rank without a result has a failure") }
    return result
  }

  private func throwFirst(_ failure: (any Error)?, exitCode: (any Error) -> Int32) throws {
    let size = Int32(exactly: communicator.size) ?? Int32.max
    let rank = Int32(exactly: communicator.rank) ?? Int32.max
    let failed = try communicator.allReduce(failure == nil ? size : rank, .min)
    guard failed < size else { return }
    let root = Int(failed)
    var code = [failure.map(exitCode) ?? 0]
    code = try communicator.broadcast(code, from: root)
    let message = try communicator.broadcast(failure.map { "\($0)" } ?? "", from: root)
    let host = try communicator.broadcast(World.hostName, from: root)
    throw DataParallelError.rankFailed(rank: root, host: host, exitCode: code[0], message: message)
  }
}
