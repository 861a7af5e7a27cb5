/// What tells how far a sequence is from normal ones.
public enum AnomalyScore: String, CaseIterable, Encodable, Sendable {
  /// How badly an autoencoder tells it again, as `Evaluator/reconstructionErrors(_:corruption:seed:)` says (Hawkins et
  /// al., DaWaK 2002).
  case reconstruction
  /// How far its pooled embedding is from those of the normal training sequences, see `MahalanobisDistance`.
  case distance
}
