import ArgumentParser
import Training

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look, before a job, at what goes wrong with jobs: MPI, cores, memory, network, sums, files.",
    discussion: """
      Start it as the job will be started. Ends with 0, or with 1 where there are findings, each with what to do.
        lockstep doctor
        mpirun -n 4 --hostfile hosts lockstep doctor --data DATA --out RUN --threads 2
      """)

  @Option(help: "The data set that the job will read.", completion: .directory)
  var data: String?

  @Option(
    help: "The run that it will write. A file is written and removed there, or in the folder above it.",
    completion: .directory)
  var out: String?

  @Option(help: "Compute threads of each rank.")
  var threads = 1

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try refuseEmpty(("--data", data), ("--out", out))
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
  }

  func run() throws {
    let code = Doctor(data: data, out: out, threads: threads).run { report in
      print(try json ? report.json() : report.text)
    }
    throw ExitCode(code)
  }
}
