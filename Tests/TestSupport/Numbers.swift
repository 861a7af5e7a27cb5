/// Test input from a seed: the same numbers on every machine (SplitMix64).
public struct Numbers {
  /// What the numbers were made from, for the message of a failure.
  public let seed: UInt64
  private var state: UInt64

  /// Numbers that depend on `seed` alone.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed &* 0x2545_F491_4F6C_DD1D
  }

  /// 64 random bits.
  public mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A whole number in `0 ..< bound`.
  public mutating func integer(below bound: Int) -> Int { Int(bits() >> 33) % bound }

  /// A number in `[-1, 1)`.
  public mutating func float() -> Float { Float(Int32(truncatingIfNeeded: bits() >> 40) - 0x80_0000) * 0x1p-23 }

  /// `count` numbers in `[-scale, scale)`.
  public mutating func floats(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in float() * scale } }

  /// `count` numbers in `[-1, 1)`, in Double.
  public mutating func doubles(_ count: Int) -> [Double] { floats(count).map(Double.init) }

  /// `count` whole numbers in `0 ..< bound`.
  public mutating func integers(_ count: Int, below bound: Int) -> [Int] {
    (0..<count).map { _ in integer(below: bound) }
  }

  /// `count` bytes of 0 or 1.
  public mutating func flags(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(integer(below: 2)) } }
}
