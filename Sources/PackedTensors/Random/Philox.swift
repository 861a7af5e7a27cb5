/// The counter-based generator Philox4x32 with ten rounds (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2,
/// 3", SC 2011).
///
/// A pure function of key and counter: there is no state to save, and no draw depends on the rank or thread that makes
/// it.
public enum Philox {
  /// 128 random bits for a 64-bit key and a 128-bit counter. Complexity: about 60 integer operations.
  @inlinable
  public static func bits(key: UInt64, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c.x)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c.z)
      c = SIMD4(
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.y ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.w ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return c
  }
}
