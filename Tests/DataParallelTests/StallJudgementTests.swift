import MessagePassing
import Testing

@testable import DataParallel

/// Who is to be waited for, from what is known of each rank.
@Suite struct StallJudgementTests {
  private let judgement = StallJudgement(
    limits: WatchdogLimits(seconds: 120, startSeconds: 900, storageSeconds: 600), hosts: ["a", "a", "b", "b"])

  /// A rank that did nothing for so long, by its own words.
  private func rank(
    _ rank: Int, idle: Double, silent: Double = 0, in function: String? = nil, _ patience: Activity.Patience = .ordinary
  ) -> StallJudgement.Known {
    StallJudgement.Known(
      status: RankStatus(
        token: 7, rank: rank, idleSeconds: idle,
        activity: Activity.Snapshot(
          step: 11, phase: "backward", patience: patience, collectives: 40 - rank, function: function, ticks: 5)),
      silentSeconds: silent)
  }

  private func waiting(_ rank: Int, idle: Double) -> StallJudgement.Known {
    self.rank(rank, idle: idle, in: "MPI_Allreduce")
  }

  @Test func whoWaitsIsNotMissing() {
    let known = [waiting(0, idle: 500), rank(1, idle: 10), waiting(2, idle: 500), waiting(3, idle: 500)]
    #expect(judgement.judge(known) == .none)
  }

  @Test func theOneThatTheOthersWaitForIsNamed() {
    var known = [waiting(0, idle: 70), waiting(1, idle: 70), rank(2, idle: 70), waiting(3, idle: 70)]
    guard case .late(let early) = judgement.judge(known) else { return #expect(Bool(false), "no warning after 70 s") }
    #expect(early.contains("rank 2 on b is missing"), "\(early)")
    #expect(early.contains("ranks 0, 1, 3 wait in MPI_Allreduce (call 40) at step 12"), "\(early)")
    known[2] = rank(2, idle: 121)
    guard case .stalled(let late) = judgement.judge(known) else { return #expect(Bool(false), "no end after 121 s") }
    #expect(late.contains("rank 2 on b") && late.contains("step 12, phase \"backward\""), "\(late)")
  }

  @Test(arguments: [(Activity.Patience.storage, 599.0), (.start, 899)])
  func whatTakesLongMayTakeLong(patience: Activity.Patience, seconds: Double) {
    let others = [waiting(0, idle: 1000), waiting(1, idle: 1000)]
    #expect(
      judgement.judge(others + [rank(2, idle: seconds / 3, patience), waiting(3, idle: 1000)]) == .none)
    guard case .late = judgement.judge(others + [rank(2, idle: seconds, patience)]) else {
      return #expect(Bool(false), "no warning after \(seconds) s")
    }
    guard case .stalled = judgement.judge(others + [rank(2, idle: seconds + 2, patience)]) else {
      return #expect(Bool(false), "no end after \(seconds + 2) s")
    }
  }

  @Test func aSilentProcessIsMissingWhereverItWasLastSeen() {
    // Seen within a call, and within what may take long: a stopped process says nothing all the same.
    for last in [
      rank(1, idle: 3, silent: 121, in: "MPI_Bcast"), rank(1, idle: 0, silent: 121, .start),
      rank(1, idle: 0, silent: 121, .storage),
    ] {
      guard case .stalled(let sentence) = judgement.judge([waiting(0, idle: 120), last]) else {
        return #expect(Bool(false), "\(last) is not missed")
      }
      #expect(sentence.contains("rank 1 on a") && sentence.contains("has said nothing for 121.0 s"), "\(sentence)")
    }
  }

  @Test func aLostHostIsMissedWithinAMinute() {
    let others = [waiting(0, idle: 40), waiting(1, idle: 40)]
    guard case .late = judgement.judge(others + [rank(2, idle: 0, silent: 40, in: "MPI_Allreduce"), nil]) else {
      return #expect(Bool(false), "no warning after 40 s of silence")
    }
    guard case .stalled = judgement.judge(others + [rank(2, idle: 0, silent: 46, in: "MPI_Allreduce"), nil]) else {
      return #expect(Bool(false), "no end after 46 s of silence")
    }
    // A rank that has waited long for others, and whose datagrams then are lost for some seconds, is none.
    #expect(
      judgement.judge([waiting(0, idle: 100), rank(1, idle: 100, silent: 6, in: "MPI_Bcast"), rank(2, idle: 1)])
        == .none)
  }

  @Test func whereAllWaitTheNetworkIsAsked() {
    let known = [waiting(0, idle: 130), waiting(1, idle: 125)]
    guard case .stalled(let sentence) = judgement.judge(known) else { return #expect(Bool(false), "not noticed") }
    #expect(sentence.contains("all ranks wait for each other for 125.0 s"), "\(sentence)")
    #expect(judgement.judge([waiting(0, idle: 130), waiting(1, idle: 1)]) == .none)
    guard case .stalled(let unheard) = judgement.judge([waiting(0, idle: 130), nil, waiting(2, idle: 130)]) else {
      return #expect(Bool(false), "a rank that is never heard is not suspected")
    }
    #expect(unheard.contains("no word ever came from rank 1"), "\(unheard)")
  }

  @Test func zeroIsNoLimit() {
    let patient = StallJudgement(
      limits: WatchdogLimits(seconds: 0, startSeconds: 0, storageSeconds: 0), hosts: ["a", "a"])
    #expect(patient.judge([waiting(0, idle: 1e6), rank(1, idle: 1e6, silent: 1e6)]) == .none)
  }
}

@Suite struct RankStatusTests {
  private let status = RankStatus(
    token: 0x0123_4567_89AB_CDEF, rank: 5, idleSeconds: 1.25,
    activity: Activity.Snapshot(
      step: 1 << 40, phase: "gradients", patience: .storage, collectives: 12_345, function: "MPI_Wait", ticks: 99))

  @Test func aDatagramReadsBack() {
    #expect(status.datagram.count == RankStatus.size)
    #expect(RankStatus(status.datagram[...], token: status.token) == status)
    var quiet = status
    quiet.kind = .end
    quiet.activity.function = nil
    #expect(RankStatus(quiet.datagram[...], token: status.token) == quiet)
  }

  @Test func whatIsNoneOfThisJobsIsNotRead() {
    #expect(RankStatus(status.datagram[...], token: 1) == nil)
    #expect(RankStatus(status.datagram.dropLast(), token: status.token) == nil)
    #expect(RankStatus((status.datagram + [0])[...], token: status.token) == nil)
    var unknown = status.datagram
    unknown[12] = 9
    #expect(RankStatus(unknown[...], token: status.token) == nil)
    for place in 8..<RankStatus.size {  // any other byte gives some status, and no crash
      var changed = status.datagram
      changed[place] ^= 0xFF
      _ = RankStatus(changed[...], token: status.token)
    }
  }
}
