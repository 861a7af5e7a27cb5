import Foundation
import MessagePassing

/// `lockstep bench collectives`: how long the calls take by which ranks sum and exchange, from 8 bytes to 16 MiB.
public enum CollectivesCommand {
  /// Buffers of 8 bytes, 16, … 16 MiB.
  static let sizes = (3...24).map { 1 << $0 }
  /// Times each call is measured, and the least seconds of a measurement.
  static let trials = (count: 21, seconds: 100e-6)

  /// Measures on all ranks. The figures are medians over trials of the slowest rank's mean time a call.
  public static func run(_ communicator: Communicator) throws -> CollectiveTimes {
    guard communicator.size > 1 else {
      throw TrainingError.usage("bench collectives needs at least two ranks: mpirun -n 2 lockstep bench collectives")
    }
    let doubles = UnsafeMutableBufferPointer<Double>.allocate(capacity: sizes.last! / 8)
    let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: sizes.last! / 4)
    let gathered = UnsafeMutableBufferPointer<Float>.allocate(capacity: sizes.last! / 4)
    doubles.initialize(repeating: 0)
    floats.initialize(repeating: 0)
    gathered.initialize(repeating: 0)
    defer {
      doubles.deallocate()
      floats.deallocate()
      gathered.deallocate()
    }
    let ranks = communicator.size
    let measured = try sizes.map { bytes in
      let count = bytes / 4
      let counts = (0..<ranks).map { ($0 + 1) * count / ranks - $0 * count / ranks }
      return CollectiveTimes.Size(
        bytes: bytes,
        allReduceMicroseconds: try microseconds(communicator) {
          try communicator.allReduce(UnsafeMutableBufferPointer(rebasing: doubles[..<(bytes / 8)]), .sum)
        },
        startedAllReduceMicroseconds: try microseconds(communicator) {
          try communicator.startAllReduce(UnsafeMutableBufferPointer(rebasing: floats[..<count]), .sum).wait()
        },
        allGatherMicroseconds: try microseconds(communicator) {
          try communicator.allGather(
            UnsafeBufferPointer(rebasing: floats[..<counts[communicator.rank]]),
            into: UnsafeMutableBufferPointer(rebasing: gathered[..<count]), counts: counts)
        })
    }
    let hosts = Set(try communicator.allGather(World.hostName)).count
    return CollectiveTimes(ranks: ranks, hosts: hosts, sizes: measured)
  }

  /// Calls run one after another, as many as a measurement needs to be long enough; the ranks agree on how many.
  private static func microseconds(_ communicator: Communicator, _ call: () throws -> Void) throws -> Double {
    func mean(of calls: Int) throws -> Double {
      try communicator.barrier()
      let start = ContinuousClock.now
      for _ in 0..<calls { try call() }
      return try communicator.allReduce((ContinuousClock.now - start) / .seconds(1) / Double(calls), .max)
    }
    _ = try mean(of: 2)
    let calls = max(1, min(1000, Int(trials.seconds / max(1e-7, try mean(of: 3)))))
    return try (0..<trials.count).map { _ in try mean(of: calls) }.sorted()[trials.count / 2] * 1e6
  }
}
