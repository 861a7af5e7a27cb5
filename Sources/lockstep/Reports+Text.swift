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
}

extension KernelBenchmark.Result {
  /// The result as three tables in Markdown. Shares are those of each row's own limit; above stands the median of these.
  var text: String {
    func cell(_ rate: Double, _ peak: Double) -> String {
      String(format: "%.0f (%.0f %%)", rate / 1e9, 100 * rate / peak)
    }
    var lines = [
      String(
        format: "One core, %@, %@: float32 multiply-adds on registers %.0f GFLOP/s; a copy moves %.1f GB/s.",
        instructionSet, precision, peak / 1e9, copyBytes / 1e9),
      "",
      "| convolution | forward, GFLOP/s | input gradient | weight gradient |",
      "|---|---|---|---|",
    ]
    for row in convolutions {
      var name = "\(row.inputChannels) to \(row.outputChannels), kernel \(row.kernel)"
      if row.stride > 1 { name += ", stride \(row.stride)" }
      if row.dilation > 1 { name += ", dilation \(row.dilation)" }
      let cells = [row.forward, row.inputGradient, row.weightGradient].map { cell($0, row.peak) }
      lines.append("| \(name) | \(cells.joined(separator: " | ")) |")
    }
    lines += ["", "| attention of one head | forward, GFLOP/s | adjoint |", "|---|---|---|"]
    for row in attention {
      let name = "\(row.length) timesteps, \(row.depth) channels\(row.isCausal ? ", causal" : "")"
      lines.append("| \(name) | \(cell(row.forward, row.peak)) | \(cell(row.gradient, row.peak)) |")
    }
    lines += [
      "", "| operation of the reference block | ns a timestep | limit, ns | by | bytes |", "|---|---|---|---|---|",
    ]
    var (total, limits) = (0.0, 0.0)
    for row in operations {
      let (arithmetic, memory) = (Double(row.operations) / peak * 1e9, Double(row.bytes) / copyBytes * 1e9)
      total += row.nanoseconds
      limits += max(arithmetic, memory)
      lines.append(
        String(
          format: "| %@ | %.1f | %.1f | %@ | %d |", row.name, row.nanoseconds, max(arithmetic, memory),
          arithmetic > memory ? "multiply-adds" : "memory", row.bytes))
    }
    let bytes = operations.reduce(0) { $0 + $1.bytes }
    lines.append(String(format: "| together | %.1f | %.1f | | %d |", total, limits, bytes))
    return lines.joined(separator: "\n")
  }
}

/// What a benchmark prints as JSON too.
protocol PrintedResult: Encodable {}
extension BenchCommand.Result: PrintedResult {}
extension KernelBenchmark.Result: PrintedResult {}

extension PrintedResult {
  /// The result as JSON on one line, keys in order.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
