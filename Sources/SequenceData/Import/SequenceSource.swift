/// One sequence as a source gives it.
struct SourceSequence {
  /// `[timesteps, features]`, row-major.
  var values: [Float] = []
  /// Features of a timestep.
  var features = 1
  /// The name of its class.
  var label: String?
  /// The name of its group, such as a speaker.
  var group: String?
  /// Its split, where the source names one.
  var split: Split?
  /// What it is called itself: a file, a read, an id.
  var name: String?
  /// Timesteps a second, where the source tells.
  var sampleRate: Int?
  /// The file that it comes from.
  var path = ""
  /// The line at which it begins, counted from 1; 0 where lines mean nothing.
  var line = 0

  /// Empties it for the next sequence, keeping memory.
  mutating func reset() {
    values.removeAll(keepingCapacity: true)
    features = 1
    (label, group, split, name, sampleRate) = (nil, nil, nil, nil, nil)
    (path, line) = ("", 0)
  }

  /// An error at the place where this sequence was found.
  func error(_ reason: String) -> DataError {
    line > 0 ? .line(path: path, line: line, reason: reason) : .damaged(path, reason)
  }
}

/// Something that gives sequences one after another: a file format. A new format is one new file and one line in
/// ``DatasetImporter``.
protocol SequenceSource: AnyObject {
  /// The classes in the order in which the format declares them, or nil if it does not; known after the first sequence.
  var declaredClasses: [String]? { get }
  /// Whether the file is one sequence, which the file's name then names.
  var isOneSequence: Bool { get }
  /// Bytes read so far.
  var bytesRead: Int { get }
  /// Replaces `sequence` by the next one; false at the end. Values need not be checked.
  func next(_ sequence: inout SourceSequence) throws -> Bool
}

extension SequenceSource {
  var declaredClasses: [String]? { nil }
  var isOneSequence: Bool { false }
}
