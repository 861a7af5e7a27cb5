import MessagePassing

/// Finds the ranks that the others wait for.
///
/// A function of what is known, without clock or network: ranks, their last words, and how old these are.
struct StallJudgement {
  /// What is known of a rank.
  struct Known: Sendable {
    var status: RankStatus
    /// Seconds since the last word came.
    var silentSeconds: Double
    /// Seconds since anything happened on the rank, as far as is known.
    var idleSeconds: Double { status.idleSeconds + silentSeconds }
  }

  /// What follows.
  enum Verdict: Equatable {
    /// All is well.
    case none
    /// Half of a limit is over.
    case late(String)
    /// A limit is over: the job ends.
    case stalled(String)
  }

  let limits: WatchdogLimits
  /// Host of each rank.
  let hosts: [String]

  /// Whether a rank's process has stopped speaking. A living one speaks four times a second.
  private func isSilent(_ known: Known) -> Bool {
    known.silentSeconds > max(1, min(5, limits.seconds > 0 ? limits.seconds / 4 : 5))
  }

  /// Judges what is known: an entry a rank, nil for one that was never heard.
  func judge(_ known: [Known?]) -> Verdict {
    var worst = 0.0
    var late: [(rank: Int, limit: Double)] = []
    for (rank, entry) in known.enumerated() {
      guard let entry else { continue }
      let silent = isSilent(entry)
      // Whatever a rank does, its watchdog speaks.
      guard let limit = silent ? limits.silence : limits.limit(entry.status.activity.patience) else { continue }
      // Who waits for others is not the one to wait for, as long as its process speaks.
      guard silent || entry.status.activity.function == nil else { continue }
      let share = (silent ? entry.silentSeconds : entry.idleSeconds) / limit
      guard share > 0.5 else { continue }
      late.append((rank, limit))
      worst = max(worst, share)
    }
    if late.isEmpty { return judgeWaiting(known) }
    let sentence = late.map { self.sentence($0.rank, known[$0.rank]!, limit: $0.limit) }.joined(separator: "; ")
    return verdict(worst, sentence + waiting(known))
  }

  /// Where all that are heard wait: for one that cannot be heard, or for the network.
  private func judgeWaiting(_ known: [Known?]) -> Verdict {
    let heard = known.compactMap(\.self)
    guard !heard.isEmpty, heard.allSatisfy({ $0.status.activity.function != nil }) else { return .none }
    let limits = heard.map { self.limits.limit($0.status.activity.patience) ?? .infinity }
    let worst = zip(heard, limits).map { $0.idleSeconds / $1 }.min() ?? 0
    guard worst > 0.5 else { return .none }
    let unheard = known.indices.filter { known[$0] == nil }
    let places = known.indices.compactMap { rank in
      known[rank].map { "rank \(rank) at step \($0.status.activity.step + 1) in \($0.status.activity.function ?? "")" }
    }
    let whom =
      unheard.isEmpty
      ? "all ranks wait for each other" : "no word ever came from \(names(unheard)), and the others wait"
    return verdict(
      worst,
      "\(whom) for \(seconds(heard.map(\.idleSeconds).min() ?? 0)): \(places.joined(separator: ", ")); is the network up?"
    )
  }

  private func verdict(_ share: Double, _ sentence: String) -> Verdict {
    share > 1 ? .stalled(sentence) : share > 0.5 ? .late(sentence) : .none
  }

  private func sentence(_ rank: Int, _ known: Known, limit: Double) -> String {
    let activity = known.status.activity
    let place = "step \(activity.step + 1), phase \"\(activity.phase)\""
    let what =
      isSilent(known)
      ? "its process has said nothing for \(seconds(known.silentSeconds)), last seen at \(place)"
      : "has been at \(place) for \(seconds(known.idleSeconds))"
    return
      "rank \(rank) on \(hosts[rank]) is missing: \(what), after \(activity.collectives) collective calls (limit \(seconds(limit)))"
  }

  /// Who waits, in which function of MPI.
  private func waiting(_ known: [Known?]) -> String {
    let waiters = known.indices.filter {
      known[$0].map { !isSilent($0) && $0.status.activity.function != nil } ?? false
    }
    guard let first = waiters.first, let activity = known[first]?.status.activity else { return "" }
    return "; \(names(waiters)) \(waiters.count == 1 ? "waits" : "wait") in \(activity.function ?? "")"
      + " (call \(activity.collectives)) at step \(activity.step + 1), phase \"\(activity.phase)\""
  }

  private func names(_ ranks: [Int]) -> String {
    "\(ranks.count == 1 ? "rank" : "ranks") \(ranks.map(String.init).joined(separator: ", "))"
  }

  private func seconds(_ value: Double) -> String { "\((value * 10).rounded() / 10) s" }
}
