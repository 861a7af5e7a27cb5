import ArgumentParser
import MessagePassing
import Training

struct BenchCollectives: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collectives",
    abstract: "Microseconds of the calls by which ranks sum and exchange, from 8 bytes to 16 MiB.",
    discussion: """
      Examples:
        mpirun -n 2 lockstep bench collectives
        mpirun -n 2 --mca btl self,tcp lockstep bench collectives --json > tcp.json
        mpirun -n 2 --map-by node lockstep bench collectives --json > cluster.json
      What two ranks need, each with a core of its own, tells lockstep plan what a network does: --network cluster.json
      """)

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try onAllRanks { communicator in
      let times = try CollectivesCommand.run(communicator)
      if communicator.rank == 0 { print(try json ? times.json() : times.text) }
      return 0
    }
  }
}
