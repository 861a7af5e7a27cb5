import Foundation
import MessagePassing
import TestSupport
import Testing

extension MultiProcess {
  @Suite struct CollectiveTests {
    @Test(arguments: [1, 2, 3, 5]) func everyTypeAndReduction(ranks: Int) throws {
      _ = try scenario(["collectives"], ranks: ranks)
    }

    @Test(arguments: [1, 2, 3, 5]) func unequalPiecesReachTheirRanks(ranks: Int) throws {
      _ = try scenario(["exchange"], ranks: ranks)
    }

    @Test(arguments: [1, 2, 4]) func reductionsUnderWayAtOnce(ranks: Int) throws {
      _ = try scenario(["nonblocking"], ranks: ranks)
    }

    @Test func aCommunicatorAloneNeedsNoMPI() throws {
      let alone = Communicator.alone()
      #expect(alone.rank == 0 && alone.size == 1)
      #expect(try alone.allReduce(2.5, .sum) == 2.5)
      #expect(try alone.broadcast("text") == "text")
      #expect(try alone.allGather([1, 2] as [Int32]) == [[1, 2]])
      #expect(try alone.gather([3] as [Int64]) == [[3]])
      #expect(try alone.duplicate().size == 1)
      #expect(try alone.splitShared().size == 1)
    }

    @Test func ranksAgree() throws {
      for ranks in [1, 3] { _ = try scenario(["agreement", "all"], ranks: ranks) }
    }

    @Test(
      arguments: [
        (["differ", "2"], 76, "The recipe differs from rank 0's on rank 2 ("),
        (["first"], 64, "recipe.yaml: line 3: unknown key"),
        (["one", "1"], 64, "recipe.yaml: line 3: unknown key"),
      ] as [([String], Int32, String)])
    func anAgreedErrorIsSaidOnceAndEndsAll(arguments: [String], code: Int32, sentence: String) throws {
      let result = try MPIRun.run(ranks: 3, "mpi-scenarios", ["agreement"] + arguments, timeoutSeconds: 20)
      #expect(result.code == code, "\(result.summary)")
      #expect(result.errors.components(separatedBy: sentence).count == 2, "\(result.summary)")
      #expect(!result.errors.contains("MPI_ABORT"), "\(result.summary)")
    }
  }
}
