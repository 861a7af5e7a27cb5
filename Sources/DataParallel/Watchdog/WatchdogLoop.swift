import Glibc
import MessagePassing

/// The watchdog thread's state and what it does every quarter of a second.
struct WatchdogLoop {
  /// Seconds between two words.
  static let beatSeconds = 0.25

  let rank: Int
  let activity: Activity
  let hosts: [String]
  let token: UInt64
  /// Where rank 0 may be reached; the first that answers stays.
  var firstRank: [DatagramSocket.Address]
  /// The process that started this one, where a launcher did.
  let launcher: pid_t?
  let voice: WatchdogVoice

  private var known: [StallJudgement.Known?]
  private var heardAt: [ContinuousClock.Instant?]
  private var peers: [DatagramSocket.Address?]
  private var last: (activity: Activity.Snapshot, since: ContinuousClock.Instant)
  private var lastBeat = ContinuousClock.now
  private var said = ""

  init(
    rank: Int, activity: Activity, hosts: [String], token: UInt64, firstRank: [DatagramSocket.Address],
    launcher: pid_t?, voice: WatchdogVoice
  ) {
    self.rank = rank
    self.activity = activity
    self.hosts = hosts
    self.token = token
    self.firstRank = firstRank
    self.launcher = launcher
    self.voice = voice
    known = [StallJudgement.Known?](repeating: nil, count: hosts.count)
    heardAt = [ContinuousClock.Instant?](repeating: nil, count: hosts.count)
    peers = [DatagramSocket.Address?](repeating: nil, count: hosts.count)
    last = (activity.snapshot, ContinuousClock.now)
  }

  /// Makes the ranks known to each other, so that one that stops at once is missed; returns the ranks that were not
  /// heard within two seconds: on rank 0 of all, elsewhere of rank 0.
  mutating func greet(_ socket: borrowing DatagramSocket) -> [Int] {
    let until = ContinuousClock.now + .seconds(2)
    let wanted = rank == 0 ? Array(hosts.indices) : [0]
    while wanted.contains(where: { known[$0] == nil }) && ContinuousClock.now < until {
      let status = ownStatus()
      if rank != 0 { for place in firstRank { socket.send(status.datagram, to: place) } }
      if let (_, from) = hear(socket), rank == 0 { socket.send(status.datagram, to: from) }
    }
    return wanted.filter { known[$0] == nil }
  }

  /// Tells, listens and judges once; takes ``beatSeconds``.
  mutating func beat(_ socket: borrowing DatagramSocket?, _ limits: WatchdogLimits) {
    if let launcher, getppid() != launcher {
      voice.say("rank \(rank) on \(hosts[rank]): its launcher (process \(launcher)) is gone; ending")
      _exit(Watchdog.exitCode)
    }
    let status = ownStatus()
    switch socket {
    case .some(let socket):
      if rank == 0 {
        for peer in peers.compactMap(\.self) { socket.send(status.datagram, to: peer) }
      } else {
        for place in firstRank { socket.send(status.datagram, to: place) }
      }
      listen(socket)
      if wasStopped() { return }
      if rank == 0 { judgeAll(socket, limits) } else { judgeFirstRank(limits) }
    case .none:
      usleep(UInt32(WatchdogLoop.beatSeconds * 1e6))
    }
  }

  /// Whether this process itself was stopped since the last beat: then it knows nothing of the time in between.
  private mutating func wasStopped() -> Bool {
    let now = ContinuousClock.now
    defer { lastBeat = now }
    guard now - lastBeat > .seconds(2) else { return false }
    for index in heardAt.indices where heardAt[index] != nil { heardAt[index] = now }
    return true
  }

  private mutating func ownStatus() -> RankStatus {
    let now = ContinuousClock.now
    let snapshot = activity.snapshot
    if snapshot.ticks != last.activity.ticks { last = (snapshot, now) }
    let status = RankStatus(
      token: token, rank: rank, idleSeconds: (now - last.since) / .seconds(1), activity: snapshot)
    note(status, now)
    return status
  }

  private mutating func note(_ status: RankStatus, _ now: ContinuousClock.Instant) {
    known[status.rank] = StallJudgement.Known(status: status, silentSeconds: 0)
    heardAt[status.rank] = now
  }

  /// Takes what comes within a beat.
  private mutating func listen(_ socket: borrowing DatagramSocket) {
    let until = ContinuousClock.now + .seconds(WatchdogLoop.beatSeconds)
    while ContinuousClock.now < until { _ = hear(socket) }
  }

  /// Takes one datagram, or none within a beat.
  private mutating func hear(_ socket: borrowing DatagramSocket) -> (RankStatus, from: DatagramSocket.Address)? {
    guard let (bytes, from) = socket.receive(), let status = RankStatus(bytes, token: token),
      status.rank < hosts.count
    else { return nil }
    if status.kind == .end { _exit(Watchdog.exitCode) }
    note(status, ContinuousClock.now)
    peers[status.rank] = from
    if rank != 0 && status.rank == 0 { firstRank = [from] }
    return (status, from)
  }

  /// Rank 0 judges all ranks.
  private mutating func judgeAll(_ socket: borrowing DatagramSocket, _ limits: WatchdogLimits) {
    let now = ContinuousClock.now
    for index in hosts.indices { known[index]?.silentSeconds = (now - heardAt[index]!) / .seconds(1) }
    switch StallJudgement(limits: limits, hosts: hosts).judge(known) {
    case .none: said = ""
    case .late(let sentence):
      if said.isEmpty {
        said = sentence
        voice.say("waiting: \(sentence)")
      }
    case .stalled(let sentence):
      voice.say("\(sentence); the job ends with \(Watchdog.exitCode)")
      var end = known[0]!.status
      end.kind = .end
      for peer in peers.compactMap(\.self) { socket.send(end.datagram, to: peer) }
      usleep(200_000)
      _exit(Watchdog.exitCode)
    }
  }

  /// The others notice when rank 0 no longer speaks; the lower a rank, the sooner, and all within ten seconds.
  private func judgeFirstRank(_ limits: WatchdogLimits) {
    guard let heard = heardAt[0], let entry = known[0], let limit = limits.silence else {
      return judgeAlone(limits)
    }
    let silent = (ContinuousClock.now - heard) / .seconds(1)
    guard silent > limit + min(Double(rank), 10) else { return }
    let activity = entry.status.activity
    voice.say(
      "rank 0 on \(hosts[0]) is missing: rank \(rank) on \(hosts[rank]) has heard nothing of it for \(Int(silent)) s, "
        + "last seen at step \(activity.step + 1), phase \"\(activity.phase)\" (limit \(limit) s); the job ends with \(Watchdog.exitCode)"
    )
    _exit(Watchdog.exitCode)
  }

  /// A rank that cannot hear rank 0 knows only how long it has waited itself: the longest limit then holds.
  private func judgeAlone(_ limits: WatchdogLimits) {
    let all = Activity.Patience.allCases.map { limits.limit($0) ?? .infinity }
    let idle = (ContinuousClock.now - last.since) / .seconds(1)
    guard let function = last.activity.function, idle > all.max()! + Double(rank) else { return }
    voice.say(
      "rank \(rank) on \(hosts[rank]) has waited \(Int(idle)) s in \(function) at step \(last.activity.step + 1), and no datagram of rank 0 ever came; the job ends with \(Watchdog.exitCode)"
    )
    _exit(Watchdog.exitCode)
  }
}
