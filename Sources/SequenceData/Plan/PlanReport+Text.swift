extension PlanReport: CustomStringConvertible {
  /// The report as a page of text for `lockstep plan`.
  public var description: String {
    var lines: [String] = []
    if lanes != recipeLanes {
      lines += [
        "\(ranks) ranks need at least \(ranks) lanes and the recipe has \(recipeLanes): what follows is for batch.lanes: \(lanes).",
        "That is another sum, hence another training; one rank then adds \(lanes) partial gradients a step instead of "
          + "\(recipeLanes).",
        "",
      ]
    }
    lines += [
      "epoch       \(steps) steps, \(sequences) sequences, \(timesteps) timesteps",
      "a step      sequences \(text(sequencesPerStep)), timesteps \(text(timestepsPerStep)) (min / median / max)",
    ]
    if !oversized.isEmpty {
      let shown = oversized.prefix(5).map(String.init).joined(separator: ", ")
      lines.append(
        "long        \(oversized.count) longer than \(timestepBound) timesteps, a step each: id \(shown)"
          + (oversized.count > 5 ? ", …" : ""))
    }
    lines += ["", row(["lane", "timesteps", "sequences", "empty in steps"])]
    for (lane, held) in perLane.enumerated() {
      lines.append(row(["\(lane)", "\(held.timesteps)", "\(held.sequences)", "\(held.emptySteps)"]))
    }
    lines += ["", row(["ranks", "balance", "rank idle in steps"])]
    for balance in balances {
      lines.append(
        row(["\(balance.ranks)", PlanReport.fixed(balance.value), "\(balance.idleSteps)"])
          + (balance.ranks == ranks ? "  <" : ""))
    }
    lines += ["", "balance = Σ over steps of the ranks' mean / Σ of their maximum, in timesteps"]
    return lines.joined(separator: "\n")
  }

  private func text(_ spread: Spread) -> String { "\(spread.minimum) / \(spread.median) / \(spread.maximum)" }

  private func row(_ cells: [String]) -> String {
    let widths = [5, 12, 20, 16]
    return zip(cells, widths).map { cell, width in
      String(repeating: " ", count: max(0, width - cell.count)) + cell
    }.joined()
  }

  /// A number from 0 to 1 with four digits.
  private static func fixed(_ value: Double) -> String {
    let digits = String(Int((value * 10_000).rounded()))
    let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    return padded.dropLast(4) + "." + padded.suffix(4)
  }
}
