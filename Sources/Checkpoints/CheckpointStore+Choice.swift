import ArrayFiles

extension CheckpointStore {
  /// Something that was looked at and not used.
  public struct Refusal: Sendable, Equatable, CustomStringConvertible {
    /// A checkpoint's name, or `latest`.
    public let name: String
    /// What is wrong with it.
    public let reason: String

    /// The sentence that is shown.
    public var description: String { "\(name) refused: \(reason)" }
  }

  /// What a run can go on from.
  public struct Choice: Sendable {
    /// The checkpoint; nil where the run has none yet and starts afresh.
    public let folder: CheckpointFolder?
    /// What was refused on the way, in the order in which it was looked at; to be shown.
    public let refused: [Refusal]
  }

  /// The checkpoint that `latest` names, or, where that is damaged, the newest one that verifies.
  ///
  /// Checkpoints newer than the one that `latest` names are looked at too: those that do not verify are told.
  /// Throws `FileError.damaged` where there is a history and none of it verifies: never a silent fresh start.
  public func newestGood() throws(FileError) -> Choice {
    var refused: [Refusal] = []
    var latest: Int?
    do {
      latest = try step(of: .latest)
    } catch {
      refused.append(Refusal(name: Link.latest.rawValue, reason: error.description))
    }
    let steps = try steps()
    let isGood = { (step: Int) -> Bool in
      do throws(FileError) {
        try folder(step: step).verify()
        return true
      } catch {
        refused.append(Refusal(name: Self.name(ofStep: step), reason: error.description))
        return false
      }
    }
    if let latest {
      let newer = steps.reversed().prefix { $0 > latest }
      if isGood(latest) {
        for step in newer { _ = isGood(step) }
        return Choice(folder: folder(step: latest), refused: refused)
      }
    }
    for step in steps.reversed() where step != latest && isGood(step) {
      return Choice(folder: folder(step: step), refused: refused)
    }
    guard refused.isEmpty else {
      throw .damaged(
        path: path,
        reason: "no checkpoint can be used, and the run is not begun afresh: "
          + refused.map(\.description).joined(separator: "; "))
    }
    return Choice(folder: nil, refused: [])
  }
}
