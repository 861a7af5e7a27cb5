/// How far compressed files may expand: a few bytes must not fill memory or disk.
///
/// DEFLATE can make 1032 bytes of one. Text and arrays of measurements shrink to a third or a tenth; what shrinks further
/// than the bound is nearly constant, and can be stored uncompressed.
public enum Expansion {
  /// What any file may expand to, in bytes.
  public static let freeBytes = 16 << 20
  /// The bytes that one compressed byte may become beyond that.
  public static let ratio = 100

  /// The most bytes that a compressed file of `count` bytes may expand to.
  public static func most(of count: Int) -> Int {
    let (product, overflow) = count.multipliedReportingOverflow(by: ratio)
    return overflow || product > Int.max - freeBytes ? Int.max : product + freeBytes
  }
}
