/// What convolutions and linear layers multiply. Sums, and everything else, are IEEE 754 binary32 in either case.
public enum Precision: String, CaseIterable, Codable, Sendable {
  /// Inputs, weights and output gradients as they are.
  case float32
  /// Inputs, weights and output gradients rounded to bfloat16, the upper half of a binary32: 8 significant bits, the
  /// same exponents.
  case bfloat16
}
