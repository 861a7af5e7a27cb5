/// The end of a residual block in Double: `y = act(x·scale + shift + r·skipScale + skipShift)`, a scale and a shift a
/// channel.
public enum ReferenceResidual {
  /// The sum before the activation; without a map the skip `r` is taken as it is.
  public static func sum(
    _ x: [Double], scale: [Double], shift: [Double], skip r: [Double], skipScale: [Double]?, skipShift: [Double]?
  ) -> [Double] {
    let branch = ReferenceNormalisation.affine(x, scale: scale, shift: shift)
    var skip = r
    if let skipScale, let skipShift { skip = ReferenceNormalisation.affine(r, scale: skipScale, shift: skipShift) }
    return zip(branch, skip).map { $0 + $1 }
  }

  /// `act(sum)`.
  public static func forward(_ activation: Activation, sum: [Double]) -> [Double] {
    sum.map { ReferenceActivation.value(activation, $0) }
  }

  /// `g · act′(sum)`: the gradient of the sum, and so of both of its parts.
  public static func backward(_ activation: Activation, sum: [Double], gradient: [Double]) -> [Double] {
    zip(gradient, sum).map { $0 * ReferenceActivation.derivative(activation, $1) }
  }
}
