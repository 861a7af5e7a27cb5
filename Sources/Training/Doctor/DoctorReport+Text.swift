import SequenceData

extension DoctorReport {
  /// Rows of a table that are shown; JSON holds all.
  private static let mostRows = 40

  /// The report as a page of text.
  public var text: String {
    var lines = Array(remarks.prefix(1)) + [""] + rankTable + [""] + hostTable + [""] + remarks.dropFirst()
    if remarks.count > 1 { lines.append("") }
    if findings.isEmpty {
      lines.append("all well")
    } else {
      lines.append(Counted.text(findings.count, "finding"))
    }
    for (index, finding) in findings.enumerated() {
      lines += [
        "", "\(index + 1). \(finding.check): \(finding.what)", "   why: \(finding.why)", "   do:  \(finding.remedy)",
      ]
    }
    if !notChecked.isEmpty { lines += [""] + notChecked.map { "not checked: \($0.check): \($0.why)" } }
    return lines.joined(separator: "\n")
  }

  /// A row for ranks of a host that are alike and follow each other.
  private var rankTable: [String] {
    var groups: [(first: Rank, last: Int, cells: [String])] = []
    for rank in ranks {
      let cells = rank.facts.filter { !$0.isOfHost }.map(\.value)
      if let last = groups.last, last.first.node == rank.node, last.cells == cells, last.last + 1 == rank.rank {
        groups[groups.count - 1].last = rank.rank
      } else {
        groups.append((rank, rank.rank, cells))
      }
    }
    let titles = ranks[0].facts.filter { !$0.isOfHost }.map(\.title)
    let rows = groups.map { group in
      [group.first.rank == group.last ? "\(group.last)" : "\(group.first.rank)-\(group.last)", group.first.host]
        + group.cells
    }
    return DoctorReport.table([["rank", "host"] + titles] + rows)
  }

  private var hostTable: [String] {
    let hosts = ranks.filter { $0.rank == $0.node }
    let titles = ranks[0].facts.filter(\.isOfHost).map(\.title)
    let rows = hosts.map { host in
      let count = ranks.count { $0.node == host.node }
      return [host.host, "\(count)"] + host.facts.filter(\.isOfHost).map(\.value)
    }
    return DoctorReport.table([["host", "ranks"] + titles] + rows)
  }

  /// Columns as wide as their widest cell.
  private static func table(_ rows: [[String]]) -> [String] {
    let shown = rows.prefix(mostRows + 1)
    let widths = shown[0].indices.map { column in shown.map { $0[column].count }.max() ?? 0 }
    let lines = shown.map { row in
      let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      let line = cells.joined(separator: "  ")
      return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
    }
    let rest = rows.count - shown.count
    return rest > 0 ? lines + ["… and \(Counted.text(rest, "row")) more; --json shows all"] : lines
  }
}
