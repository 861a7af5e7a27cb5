import MessagePassing
import PackedTensors

/// What this program is, and what it stands on.
public enum ProgramVersion {
  /// The release (semver.org).
  public static let number = "0.1.0"

  /// Release and commit, the MPI library, and the instruction set that kernels use here: a line each.
  /// - Parameter commit: as the program's build knew it.
  public static func text(commit: String?) -> String {
    let mpi = World.libraryVersion.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown"
    return """
      lockstep \(number) (\(commit.map { "commit \($0)" } ?? "commit unknown"))
      \(mpi)
      instruction set \(InstructionSet.active.rawValue)
      """
  }
}
