import ArrayFiles

/// How many of the labels a supervised run was given, as the log of its first attempt says.
///
/// (The run's identity holds a digest of the chosen sequences and not the share that was asked for.)
struct UsedLabels: Sendable, Equatable {
  /// Labelled sequences that were trained on, and all that there were.
  var used, of: Int
  /// The share.
  var fraction: Double { of > 0 ? Double(used) / Double(of) : 0 }

  private static let mostBytes = 1 << 16

  /// Reads the logs of a run; nil where they do not tell, as of a pretraining.
  init?(run: String) {
    let folder = run + "/logs"
    guard let names = try? AtomicFile.names(inFolder: folder).filter({ $0.hasSuffix(".log") }).sorted() else {
      return nil
    }
    for name in names.prefix(20) {
      guard let file = try? MappedFile(at: "\(folder)/\(name)") else { continue }
      let text = String(decoding: file.bytes.prefix(UsedLabels.mostBytes), as: UTF8.self)
      if let labels = UsedLabels(log: text) {
        self = labels
        return
      }
    }
    return nil
  }

  /// Reads the text of a log: its line `labels: 18 of 189 sequences are used`, or, where all were used and no such line is
  /// there, `train: 189 sequences, …`.
  init?(log: String) {
    var all: Int?
    for line in log.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 3 else { continue }
      switch words[1] {
      case "labels:":
        guard words.count > 4, let used = Int(words[2]), words[3] == "of", let of = Int(words[4]) else { continue }
        self.init(used: used, of: of)
        return
      case "train:", "finetune:": all = all ?? Int(words[2])
      default: continue
      }
    }
    guard let all else { return nil }
    self.init(used: all, of: all)
  }

  private init(used: Int, of: Int) { (self.used, self.of) = (used, of) }
}
