/// ``InfoNCE`` in Double, from its formula.
public enum ReferenceInfoNCE {
  /// The loss of each of M unit rows, of which 2i and 2i + 1 are partners.
  public static func losses(_ z: [[Double]], temperature: Double) -> [Double] {
    z.indices.map { i in
      let others = z.indices.filter { $0 != i }
      let similarities = others.map { j in zip(z[i], z[j]).reduce(0) { $0 + $1.0 * $1.1 } / temperature }
      return ReferenceLosses.crossEntropy(similarities, target: others.firstIndex(of: i ^ 1)!)
    }
  }
}
