internal import CKernels

#if canImport(Glibc)
  import Glibc
#endif

/// The instruction sets that the kernels are compiled for. All give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// No assumption beyond the target's baseline; slow.
  case portable
  /// 256-bit vectors and fused multiply-add.
  case avx2
  /// 512-bit vectors.
  case avx512
  /// 512-bit vectors and dot products of bfloat16.
  case avx512bf16

  /// The one in use: `LOCKSTEP_ISA` where that names one that this processor has, else the processor's best.
  public static var active: InstructionSet { Kernels.selected }

  /// The fastest that this processor has. Where its dot products of bfloat16 are slower than multiply-adds of Float, as on Intel's
  /// Emerald Rapids, that is ``avx512``; measured once.
  public static let best: InstructionSet =
    switch ck_best_isa() {
    case CK_AVX512BF16: .avx512bf16
    case CK_AVX512: .avx512
    case CK_AVX2: .avx2
    default: .portable
    }

  /// Those that this processor has.
  public static var supported: [InstructionSet] { allCases.filter { Kernels.table(for: $0) != nil } }

  /// What is wrong with `LOCKSTEP_ISA`, if anything: an unknown name, or a set that this processor lacks.
  public static var environmentProblem: String? {
    guard let name = Kernels.requested else { return nil }
    let names = supported.map(\.rawValue).joined(separator: ", ")
    guard let set = InstructionSet(rawValue: name) else {
      return "LOCKSTEP_ISA=\(name) names no instruction set; this processor has \(names)"
    }
    return Kernels.table(for: set) == nil ? "LOCKSTEP_ISA=\(name): this processor lacks it; it has \(names)" : nil
  }
}

/// The table of C kernels, chosen once.
enum Kernels {
  static let requested: String? = getenv("LOCKSTEP_ISA").map { String(cString: $0) }

  static let selected: InstructionSet = {
    if let name = requested, let set = InstructionSet(rawValue: name), table(for: set) != nil { return set }
    return .best
  }()

  nonisolated(unsafe) private static let chosen: UnsafePointer<ck_kernels> = table(for: selected)!

  /// The kernels in use.
  static var active: ck_kernels {
    @inline(__always) _read { yield chosen.pointee }
  }

  static func table(for set: InstructionSet) -> UnsafePointer<ck_kernels>? {
    switch set {
    case .portable: ck_kernels_for(CK_PORTABLE)
    case .avx2: ck_kernels_for(CK_AVX2)
    case .avx512: ck_kernels_for(CK_AVX512)
    case .avx512bf16: ck_kernels_for(CK_AVX512BF16)
    }
  }
}

/// Sizes that the canonical sum and the packed layouts are made of.
public enum KernelSizes {
  /// Timesteps of one leaf of the canonical sum.
  public static let leaf = Int(CK_LEAF)
  /// Channels of a panel of packed weights.
  static let panel = Int(CK_PANEL)
  /// Readable floats behind every buffer.
  static let slack = Int(CK_SLACK)
  /// Bytes of a core's second cache on the smaller of today's processors (Zen 4 and 5; Intel's have 2 MiB).
  static let secondCache = 1 << 20
}

/// Rounds to nearest and keeps denormals on the calling thread. Every thread that computes calls it first.
public func setFloatEnvironment() { ck_set_float_environment() }
