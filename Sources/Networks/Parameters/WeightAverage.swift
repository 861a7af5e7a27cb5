import PackedTensors

/// An exponential moving average of a model's weights and running statistics: `a ← a + (1 − decay)·(w − a)` after each
/// update. Layers of the model compute with it as they do with the model's own store.
///
/// The teacher of Tarvainen and Valpola 2017 (arXiv:1703.01780) and the key encoder of He et al. 2020 (arXiv:1911.05722);
/// statistics are averaged as weights are (Cai et al. 2021, arXiv:2101.08482).
public final class WeightAverage {
  /// The averaged weights and statistics, under the model's names.
  public let store: ParameterStore
  /// The share that stays, from 0 to below 1.
  public let decay: Double

  /// An average that begins as the weights stand.
  public init(of store: ParameterStore, decay: Double) {
    precondition(decay >= 0 && decay < 1, "a decay of \(decay)")
    self.store = store.copy()
    self.decay = decay
  }

  /// Moves towards the weights.
  public func follow(_ source: ParameterStore) { store.approach(source, rate: Float(1 - decay)) }
}
