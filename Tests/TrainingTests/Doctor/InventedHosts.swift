import Testing

@testable import Training

/// What invented ranks have seen: rank r on the host that stands at r.
func seen<Observation>(_ hosts: [String], _ observation: (Int) -> Observation) -> [Seen<Observation>] {
  hosts.indices.map { rank in
    let node = hosts.firstIndex(of: hosts[rank]) ?? rank
    return Seen(place: Place(rank: rank, host: hosts[rank], node: node), what: observation(rank))
  }
}

/// Expects one finding and that it says all of these words, in what was seen or what to do.
@discardableResult func expectFinding(
  _ verdict: Verdict, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) -> Finding? {
  #expect(verdict.findings.count == 1, "\(verdict)", sourceLocation: sourceLocation)
  guard let finding = verdict.findings.first else { return nil }
  for word in words {
    #expect(
      finding.what.contains(word) || finding.remedy.contains(word), "\"\(word)\" in \(finding)",
      sourceLocation: sourceLocation)
  }
  for part in [finding.check, finding.what, finding.why, finding.remedy] {
    #expect(!part.isEmpty, "\(finding)", sourceLocation: sourceLocation)
  }
  return finding
}

/// Expects that nothing was found.
func expectWell(_ verdict: Verdict, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(verdict.findings.isEmpty, "\(verdict)", sourceLocation: sourceLocation)
}
