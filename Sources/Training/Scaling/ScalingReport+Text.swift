import Foundation
import SequenceData

extension ScalingReport: CustomStringConvertible {
  /// The report as a page of text for `lockstep plan`.
  var description: String {
    let (speed, traffic) = (model.speed, model.traffic)
    var lines = [
      "predicted speed, from \(Counted.text(steps, "step")) of the plan",
      String(
        format: "  core     %.1f GFLOP/s at this model; %.3g ms a step and %.3g ms a lane beside it",
        speed.operationsPerSecond / 1e9, speed.secondsPerStep * 1e3, speed.secondsPerLane * 1e3),
      "  cores    " + (model.cores.map { "\($0) for all ranks together" } ?? "one for each rank"),
      "  network  \(model.network.name): \(model.network.figures)",
      "  a step   \(Counted.text(traffic.statistics.count, "sum")) of statistics, the largest of "
        + "\(8 * (traffic.statistics.max() ?? 0)) bytes; loss and counts; \(4 * traffic.parameters) bytes of gradient",
      "",
      "the same steps on more ranks",
    ]
    if lanes != recipeLanes {
      lines.append(
        String(
          format: "  of %d lanes, which on one rank take %.3f times as long as the recipe's %d", lanes, laneCost,
          recipeLanes))
    }
    lines += [ScalingReport.heading] + strong.map(\.line)
    lines +=
      ["", "steps that grow with the ranks: the recipe's bounds for each", ScalingReport.heading] + weak.map(\.line)
    lines += [
      "", "efficiency = work a second and core over that of one rank; then where the seconds of a step go, in %",
    ]
    return lines.joined(separator: "\n")
  }

  private static let heading =
    "ranks  lanes  timesteps/s  efficiency   compute  imbalance  fixed  statistics  gradients"
}

extension ScalingReport.Row {
  /// One line of the table.
  var line: String {
    func percent(_ seconds: Double) -> Double { 100 * seconds / time.seconds }
    return String(
      format: "%5d %6d %10.0f k %11.4f %9.2f %10.2f %6.2f %11.2f %10.2f", ranks, lanes, timestepsPerSecond / 1e3,
      efficiency, percent(time.compute), percent(time.imbalance), percent(time.fixed), percent(time.statistics),
      percent(time.gradients))
  }
}
