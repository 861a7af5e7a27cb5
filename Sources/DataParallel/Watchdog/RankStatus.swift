import MessagePassing

/// What one rank's watchdog tells the others, as a datagram of fixed size.
struct RankStatus: Sendable, Equatable {
  /// What a datagram means.
  enum Kind: UInt8, Sendable {
    /// The rank lives and does this.
    case alive = 1
    /// The job ends: whoever reads this ends at once.
    case end = 2
  }

  /// Tells this job's datagrams from all others.
  var token: UInt64
  var kind = Kind.alive
  var rank: Int
  /// Seconds since anything happened on the rank.
  var idleSeconds: Double
  var activity: Activity.Snapshot

  /// Bytes of a datagram.
  static let size = 120
  private static let textSize = 32

  /// The datagram: little-endian fields, then two texts filled up with zeros.
  var datagram: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    func append(_ text: String) {
      let part = text.utf8.prefix(RankStatus.textSize)
      bytes += part
      bytes += [UInt8](repeating: 0, count: RankStatus.textSize - part.count)
    }
    append(token)
    append(UInt32(truncatingIfNeeded: rank))
    append(kind.rawValue)
    append(activity.patience.rawValue)
    append(UInt16(0))
    append(idleSeconds.bitPattern)
    append(Int64(activity.step))
    append(Int64(activity.collectives))
    append(Int64(activity.ticks))
    append(UInt64(0))
    append(activity.phase)
    append(activity.function ?? "")
    return bytes
  }

  init(token: UInt64, kind: Kind = .alive, rank: Int, idleSeconds: Double, activity: Activity.Snapshot) {
    self.token = token
    self.kind = kind
    self.rank = rank
    self.idleSeconds = idleSeconds
    self.activity = activity
  }

  /// Reads a datagram; nil for what is none of this job's.
  init?(_ bytes: ArraySlice<UInt8>, token: UInt64) {
    guard bytes.count == RankStatus.size else { return nil }
    func integer<I: FixedWidthInteger>(at offset: Int, _ type: I.Type) -> I {
      bytes.withUnsafeBytes { I(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: I.self)) }
    }
    func text(at offset: Int) -> String {
      let part = bytes.dropFirst(offset).prefix(RankStatus.textSize).prefix { $0 != 0 }
      return String(decoding: part, as: UTF8.self)
    }
    guard integer(at: 0, UInt64.self) == token, let kind = Kind(rawValue: integer(at: 12, UInt8.self)),
      let patience = Activity.Patience(rawValue: integer(at: 13, UInt8.self))
    else { return nil }
    let function = text(at: 88)
    self.init(
      token: token, kind: kind, rank: Int(integer(at: 8, UInt32.self)),
      idleSeconds: Double(bitPattern: integer(at: 16, UInt64.self)),
      activity: Activity.Snapshot(
        step: Int(integer(at: 24, Int64.self)), phase: text(at: 56), patience: patience,
        collectives: Int(integer(at: 32, Int64.self)), function: function.isEmpty ? nil : function,
        ticks: Int(integer(at: 40, Int64.self))))
  }
}
