import CKernels
import SixteenLanes
import TestSupport
import Testing

/// The kernels of every instruction set that this processor has, and AVX-512's where it has not.
enum KernelSets {
  /// Their tables, portable first; where AVX-512 is not among them, its kernels compiled for less. Says once which they are.
  nonisolated(unsafe) static let all: [ck_kernels] = {
    let sets = [
      ("portable", CK_PORTABLE), ("avx2", CK_AVX2), ("avx512", CK_AVX512), ("avx512bf16", CK_AVX512BF16),
    ]
    var tables = sets.map { ($0.0, ck_kernels_for($0.1)?.pointee) }
    let lacking = tables.filter { $0.1 == nil }.map(\.0)
    if lacking.contains("avx512") { tables.append(("sixteen lanes", ck_table_sixteen_lanes()?.pointee)) }
    let note = lacking.isEmpty ? "" : "; this processor lacks \(lacking.joined(separator: ", "))"
    print("Kernel tests cover \(tables.filter { $0.1 != nil }.map(\.0).joined(separator: ", "))\(note).")
    return tables.compactMap(\.1)
  }()

  /// What a kernel leaves behind.
  struct Result {
    var floats: [Float] = []
    var doubles: [Double] = []
  }

  /// Runs a kernel on every set, demands equal bits, and returns what they are.
  static func run(_ operation: String, _ body: (ck_kernels) -> Result) -> Result {
    let first = body(all[0])
    for table in all.dropFirst() {
      let other = body(table)
      let name = "\(operation) on \(String(cString: table.name)) against \(String(cString: all[0].name))"
      report(Compare.bits(name, other.floats, first.floats))
      report(Compare.bits(name + ", sums", other.doubles, first.doubles))
    }
    return first
  }
}

/// Records a failure, if there is one.
func report(_ problem: String?, sourceLocation: SourceLocation = #_sourceLocation) {
  if let problem { Issue.record(Comment(rawValue: problem), sourceLocation: sourceLocation) }
}

/// Memory such as kernels are given, between poisoned stretches: reading those is allowed as far as the slack goes, but
/// what is read there must not show, and nothing may be written there.
struct Guarded {
  private static let margin = Int(CK_SLACK)
  private static let poison = Float(bitPattern: 0x7FC0_BEEF)
  private var memory: [Float]

  /// Holds the given values.
  init(_ values: [Float]) {
    let margin = [Float](repeating: Guarded.poison, count: Guarded.margin)
    memory = margin + values + margin
  }

  /// Values with poison behind them alone: an argument that a kernel reads.
  static func input(_ values: [Float]) -> [Float] { values + [Float](repeating: poison, count: margin) }

  /// Gives the first value's address.
  func read(_ body: (UnsafePointer<Float>) -> Void) {
    memory.withUnsafeBufferPointer { body($0.baseAddress! + Guarded.margin) }
  }

  /// Gives the first value's address, to write there.
  mutating func write(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    memory.withUnsafeMutableBufferPointer { body($0.baseAddress! + Guarded.margin) }
  }

  /// The values. Reports writes beside them.
  func values(_ operation: String) -> [Float] {
    let count = memory.count - 2 * Guarded.margin
    for (index, value) in memory.enumerated() where index < Guarded.margin || index >= Guarded.margin + count {
      if value.bitPattern != Guarded.poison.bitPattern {
        report("\(operation): wrote \(value) at index \(index - Guarded.margin) of \(count) values")
        break
      }
    }
    return Array(memory[Guarded.margin..<Guarded.margin + count])
  }
}

/// Sizes around the edges of the kernels' tiles.
enum Edges {
  /// Rows: the tile's 6, the block's 48, the leaf's 96.
  static let rows = [0, 1, 5, 6, 7, 47, 48, 49, 95, 96, 97, 193]
  /// Channels: vectors of 4, 8 and 16, panels of 16, groups of 32 and 64.
  static let channels = [1, 3, 6, 12, 15, 16, 17, 31, 32, 41, 64, 100]
  /// Taps of a convolution.
  static let kernels = [1, 2, 3, 5, 15]
  /// Steps of a convolution.
  static let strides = [1, 2, 3, 8]
  /// Distances between taps.
  static let dilations = [1, 2, 4]
}

extension [Float] {
  /// The same numbers in Double.
  var doubles: [Double] { map(Double.init) }
}
