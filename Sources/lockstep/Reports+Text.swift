import Foundation
import Training

extension ClassificationReport {
  /// The report as a table for people.
  var text: String {
    let width = max(5, perClass.map(\.class.count).max() ?? 5)
    func row(_ name: String, _ columns: [String]) -> String {
      name.padding(toLength: width, withPad: " ", startingAt: 0)
        + columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
    func share(_ value: Double) -> String { String(format: "%.4f", value) }
    var lines = [
      "\(sequences) sequences  accuracy \(share(accuracy))  macro-F1 \(share(macroF1))  loss \(share(loss))",
      row("class", ["precision", "recall", "f1", "support"]),
    ]
    for entry in perClass {
      lines.append(
        row(entry.class, [share(entry.precision), share(entry.recall), share(entry.f1), "\(entry.support)"]))
    }
    return lines.joined(separator: "\n")
  }
}

extension BenchCommand.Result {
  /// The result on one line.
  var text: String {
    String(
      format:
        "%.0f k timesteps/s, %d steps in %.2f s (%.1f %% communication), peak %d MiB a rank, final loss %.6f, digest %@",
      timestepsPerSecond / 1e3, steps, seconds, 100 * exposedSeconds / seconds, peakBytes >> 20, finalLoss,
      String(digest.prefix(16)))
  }

  /// The result as JSON.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
