import CRevision
import MessagePassing
import PackedTensors

/// What this program is, and what it stands on.
public enum ProgramVersion {
  /// The release (semver.org).
  public static let number = "0.1.0"

  /// The commit, twelve digits of it, `+` behind them where files had been changed since; none where the build knew none.
  public static var commit: String? {
    let revision = String(cString: lockstep_revision())
    guard !revision.isEmpty else { return nil }
    return revision.prefix { $0.isHexDigit }.prefix(12) + (revision.hasSuffix("+") ? "+" : "")
  }

  /// Release and commit, the MPI library, and the instruction set that kernels use here: a line each.
  public static var text: String {
    let mpi = World.libraryVersion.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown"
    return """
      lockstep \(number) (\(commit.map { "commit \($0)" } ?? "commit unknown"))
      \(mpi)
      instruction set \(InstructionSet.active.rawValue)
      """
  }
}
