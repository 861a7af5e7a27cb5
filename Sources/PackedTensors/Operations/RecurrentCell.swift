/// What a recurrent layer does at a timestep.
public enum RecurrentCell: String, Sendable, CaseIterable {
  /// Long short-term memory (Hochreiter and Schmidhuber 1997; its forget gate by Gers, Schmidhuber and Cummins 2000).
  /// Gates in PyTorch's order: input, forget, cell, output.
  case lstm
  /// Gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), its reset gate behind the product as in PyTorch. Gates:
  /// reset, update, new.
  case gru

  /// Rows of the weights for each hidden channel.
  public var gates: Int { self == .lstm ? 4 : 3 }
}
