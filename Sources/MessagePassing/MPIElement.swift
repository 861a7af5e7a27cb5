import CMPI

/// A number that MPI can send and reduce.
public protocol MPIElement: BitwiseCopyable {
  /// Which of the types that MPI knows this is.
  static var elementKind: ElementKind { get }
}

/// The types of numbers that are sent.
public enum ElementKind: Sendable {
  /// 32-bit floating point.
  case float
  /// 64-bit floating point.
  case double
  /// 32-bit signed integer.
  case int32
  /// 64-bit signed integer.
  case int64
  /// Byte.
  case uint8

  var datatype: MPI_Datatype {
    switch self {
    case .float: cmpi_float()
    case .double: cmpi_double()
    case .int32: cmpi_int32()
    case .int64: cmpi_int64()
    case .uint8: cmpi_uint8()
    }
  }

  var isInteger: Bool {
    switch self {
    case .float, .double: false
    case .int32, .int64, .uint8: true
    }
  }
}

extension Float: MPIElement {
  /// MPI_FLOAT.
  public static var elementKind: ElementKind { .float }
}

extension Double: MPIElement {
  /// MPI_DOUBLE.
  public static var elementKind: ElementKind { .double }
}

extension Int32: MPIElement {
  /// MPI_INT32_T.
  public static var elementKind: ElementKind { .int32 }
}

extension Int64: MPIElement {
  /// MPI_INT64_T.
  public static var elementKind: ElementKind { .int64 }
}

extension UInt8: MPIElement {
  /// MPI_UINT8_T.
  public static var elementKind: ElementKind { .uint8 }
}

/// How the ranks' values become one.
public enum Reduction: Sendable {
  /// Their sum, in an order that the MPI library chooses; `DataParallel.CanonicalSum` has an order of its own.
  case sum
  /// The smallest.
  case min
  /// The largest.
  case max
  /// Bit by bit, 1 where any rank has a 1; integers only.
  case bitOr

  func operation(on kind: ElementKind) -> MPI_Op {
    switch self {
    case .sum: return cmpi_sum()
    case .min: return cmpi_min()
    case .max: return cmpi_max()
    case .bitOr:
      precondition(kind.isInteger, "the bits of a \(kind) cannot be combined")
      return cmpi_bit_or()
    }
  }
}
