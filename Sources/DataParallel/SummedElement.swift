import MessagePassing

/// A number whose sums are canonical: `Float` or `Double`. Each has plain loops of its own, which the compiler
/// vectorises; an element's result does not depend on the vector width.
public protocol SummedElement: MPIElement {
  /// Adds `right` to `left`, element by element.
  static func add(_ right: UnsafePointer<Self>, to left: UnsafeMutablePointer<Self>, count: Int)
  /// Sets all elements to +0.
  static func clear(_ values: UnsafeMutablePointer<Self>, count: Int)
  /// Fills `values` with numbers whose sum over ranks depends on the order: mixed magnitudes, cancellation, subnormal
  /// numbers, zeros of both signs. A pure function of `first`, the first one's number, and the rank.
  static func fillAwkwardly(_ values: UnsafeMutablePointer<Self>, count: Int, first: Int, rank: Int)
  /// The first index at which the bits differ.
  static func firstDifference(_ one: UnsafePointer<Self>, _ other: UnsafePointer<Self>, count: Int) -> Int?
}

extension Float: SummedElement {
  /// Adds `right` to `left`, element by element.
  public static func add(_ right: UnsafePointer<Float>, to left: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { left[index] += right[index] }
  }

  /// Sets all elements to +0.
  public static func clear(_ values: UnsafeMutablePointer<Float>, count: Int) {
    values.update(repeating: 0, count: count)
  }

  /// Fills `values` with numbers whose sum over ranks depends on the order.
  public static func fillAwkwardly(_ values: UnsafeMutablePointer<Float>, count: Int, first: Int, rank: Int) {
    for index in 0..<count {
      values[index] = Awkward(index: first + index, rank: rank).number(subnormal: Float.init(bitPattern:))
    }
  }

  /// The first index at which the bits differ.
  public static func firstDifference(
    _ one: UnsafePointer<Float>, _ other: UnsafePointer<Float>, count: Int
  ) -> Int? {
    for index in 0..<count where one[index].bitPattern != other[index].bitPattern { return index }
    return nil
  }
}

extension Double: SummedElement {
  /// Adds `right` to `left`, element by element.
  public static func add(_ right: UnsafePointer<Double>, to left: UnsafeMutablePointer<Double>, count: Int) {
    for index in 0..<count { left[index] += right[index] }
  }

  /// Sets all elements to +0.
  public static func clear(_ values: UnsafeMutablePointer<Double>, count: Int) {
    values.update(repeating: 0, count: count)
  }

  /// Fills `values` with numbers whose sum over ranks depends on the order.
  public static func fillAwkwardly(_ values: UnsafeMutablePointer<Double>, count: Int, first: Int, rank: Int) {
    for index in 0..<count {
      values[index] = Awkward(index: first + index, rank: rank).number(subnormal: { Double(bitPattern: UInt64($0)) })
    }
  }

  /// The first index at which the bits differ.
  public static func firstDifference(
    _ one: UnsafePointer<Double>, _ other: UnsafePointer<Double>, count: Int
  ) -> Int? {
    for index in 0..<count where one[index].bitPattern != other[index].bitPattern { return index }
    return nil
  }
}

/// One awkward number: a pure function of index and rank.
struct Awkward {
  private let kind: UInt32
  private let shared: UInt32  // of the index alone: the same on all ranks
  private let own: UInt32
  private let rank: Int

  init(index: Int, rank: Int) {
    let position = UInt32(truncatingIfNeeded: index)
    shared = Awkward.mix(position &+ 0x9E37_79B9)
    own = Awkward.mix(shared ^ (UInt32(truncatingIfNeeded: rank) &+ 1) &* 0x85EB_CA6B)
    kind = (shared >> 4) % 8
    self.rank = rank
  }

  @inline(__always)
  func number<Number: BinaryFloatingPoint>(subnormal: (UInt32) -> Number) -> Number {
    let sign: Number = own & 1 == 0 ? 1 : -1
    let fraction = 1 + Number(own >> 8) * 0x1p-24  // [1, 2), 24 bits
    switch kind {
    case 0:  // cancels against the neighbour but for the last bits
      let common = 1 + Number(shared >> 8) * 0x1p-24
      return (rank % 2 == 0 ? common : -common) + Number(own & 7) * 0x1p-20
    case 1: return subnormal(own & 0x8000 == 0 ? own >> 10 : own >> 20) * sign
    case 2: return own & 1 == 0 ? 0 : -0.0
    case 3: return -0.0
    case 4:  // the small ones vanish or not, as the order wills
      return sign * fraction * (own & 2 == 0 ? 0x1p40 : 0x1p-2)
    default:
      let exponent = Int(own >> 3 & 31) - 16
      return sign * fraction * (exponent < 0 ? 1 / Number(1 << -exponent) : Number(1 << exponent))
    }
  }

  private static func mix(_ value: UInt32) -> UInt32 {
    var x = value
    x ^= x >> 16
    x &*= 0x7FEB_352D
    x ^= x >> 15
    x &*= 0x846C_A68B
    return x ^ (x >> 16)
  }
}
