internal import CKernels

/// A source of random numbers for one purpose: every draw is a pure function of (seed, purpose, epoch, sequence,
/// timestep, channel).
///
/// The purpose is a stable name such as a parameter's path ("encoder.blocks.0.conv1.weight") or "plan.shuffle".
public struct RandomKey: Sendable, Hashable {
  /// The 64-bit key given to ``Philox``.
  public let key: UInt64

  /// A key for a purpose. Equal arguments give equal draws, on every machine.
  public init(seed: UInt64, purpose: String, epoch: Int = 0) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a, 64 bits
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    key = RandomKey.mix(
      RandomKey.mix(seed &+ 0x9E37_79B9_7F4A_7C15) ^ hash &+ RandomKey.mix(UInt64(bitPattern: Int64(epoch))))
  }

  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every input bit over all output
  /// bits.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 128 random bits. `timestep` and `channel` are taken modulo 2^32.
  @inlinable
  public func bits(sequence: Int, timestep: Int = 0, channel: Int = 0) -> SIMD4<UInt32> {
    let s = UInt64(bitPattern: Int64(sequence))
    return Philox.bits(
      key: key,
      counter: SIMD4(
        UInt32(truncatingIfNeeded: timestep), UInt32(truncatingIfNeeded: channel),
        UInt32(truncatingIfNeeded: s), UInt32(truncatingIfNeeded: s >> 32)))
  }

  /// A uniform number in [0, 1) with 24 bits.
  @inlinable
  public func uniform(sequence: Int, timestep: Int = 0, channel: Int = 0) -> Float {
    Float(bits(sequence: sequence, timestep: timestep, channel: channel).x >> 8) * 0x1p-24
  }

  /// A uniform number in [0, 1) with 53 bits.
  @inlinable
  public func uniformDouble(sequence: Int, timestep: Int = 0, channel: Int = 0) -> Double {
    let b = bits(sequence: sequence, timestep: timestep, channel: channel)
    return Double((UInt64(b.x) << 32 | UInt64(b.y)) >> 11) * 0x1p-53
  }

  /// A uniform integer in `0 ..< bound`; its bias is below `bound / 2^64`.
  @inlinable
  public func integer(below bound: Int, sequence: Int, timestep: Int = 0, channel: Int = 0) -> Int {
    precondition(bound > 0, "a bound of \(bound) leaves nothing to draw")
    let b = bits(sequence: sequence, timestep: timestep, channel: channel)
    return Int((UInt64(b.x) << 32 | UInt64(b.y)).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A permutation of `0 ..< count`, drawn by Fisher and Yates' exchange. Complexity: O(count).
  public func permutation(of count: Int) -> [Int] { exchanged(count) { integer(below: $0 + 1, sequence: $0) } }

  /// The permutation of something that belongs to a sequence.
  public func permutation(of count: Int, sequence: Int) -> [Int] {
    exchanged(count) { integer(below: $0 + 1, sequence: sequence, timestep: $0) }
  }

  private func exchanged(_ count: Int, _ partner: (_ last: Int) -> Int) -> [Int] {
    var order = Array(0..<count)
    var last = count - 1
    while last > 0 {
      order.swapAt(last, partner(last))
      last -= 1
    }
    return order
  }
}

extension RandomKey {
  /// A standard normal draw.
  public func normal(sequence: Int, timestep: Int = 0, channel: Int = 0) -> Double {
    normals(sequence: sequence, timestep: timestep, channel: channel).0
  }

  /// Two independent standard normal draws by Box and Muller's transform (1958), with ``Elementary``'s functions.
  public func normals(sequence: Int, timestep: Int = 0, channel: Int = 0) -> (Double, Double) {
    let bits = bits(sequence: sequence, timestep: timestep, channel: channel)
    let u = (Double(UInt64(bits.x) << 32 | UInt64(bits.y)) + 1) * 0x1p-64
    let turns = Double((UInt64(bits.z) << 32 | UInt64(bits.w)) >> 11) * 0x1p-53
    let radius = (-2 * Elementary.log(u)).squareRoot()
    let (cosine, sine) = Elementary.cosineAndSine(turns: turns)
    return (radius * cosine, radius * sine)
  }

  /// Adds `deviation` times a standard normal draw to every value of `[timesteps, channels]`, rows of which lie together:
  /// channels `c` and `c + 1`, `c` even, get ``normals(sequence:timestep:channel:)`` of `(sequence, t, c)`.
  public func addNormals(
    to x: UnsafeMutablePointer<Float>, timesteps: Int, channels: Int, sequence: Int, deviation: Double
  ) {
    Kernels.active.add_normals(x, timesteps, channels, key, UInt64(bitPattern: Int64(sequence)), deviation)
  }
}
