/// How many of the labels a supervised run was given, as its status.json says.
///
/// (The run's identity holds a digest of the chosen sequences and not the share that was asked for.)
struct UsedLabels: Decodable, Sendable, Equatable {
  /// Labelled sequences that were trained on, and all that there were.
  var used, of: Int
  /// The share.
  var fraction: Double { of > 0 ? Double(used) / Double(of) : 0 }
}
