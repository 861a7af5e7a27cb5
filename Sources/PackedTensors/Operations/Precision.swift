/// What convolutions and linear layers multiply. Sums are IEEE 754 binary32 in either case, of bfloat16 without denormal
/// numbers, and so is everything else.
public enum Precision: String, CaseIterable, Codable, Sendable {
  /// Inputs, weights and output gradients as they are.
  case float32
  /// Inputs, weights and output gradients rounded to bfloat16, the upper half of a binary32: 8 significant bits, the
  /// same exponents.
  case bfloat16
}
