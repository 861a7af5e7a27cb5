internal import CKernels

/// What one core can do at most: the limits beside which operations are measured.
public enum ProcessorLimits {
  /// Fused multiply-adds on registers, in floating-point operations (two each). Returns how many were made; time it.
  /// - Parameter rounds: 12 or 24 vector operations each.
  public static func multiplyAdd(rounds: Int) -> Int {
    var sink = [Float](repeating: 0.5, count: 18)
    return sink.withUnsafeMutableBufferPointer { Kernels.active.peak(rounds, $0.baseAddress) }
  }

  /// Copies one tensor to another of the same size. Returns the bytes read and written; time it.
  public static func copy(_ source: PackedTensor, to target: PackedTensor) -> Int {
    precondition(source.count == target.count, "\(source.count) elements cannot fill \(target.count)")
    target.base.update(from: source.base, count: source.count)
    return 2 * 4 * source.count
  }
}
