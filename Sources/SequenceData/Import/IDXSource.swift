import ArrayFiles
import Foundation

/// Arrays of MNIST's format, each entry of the first extent a sequence; see ``IDXArray`` and ``IDXOptions``.
final class IDXSource: SequenceSource {
  /// The most elements of an entry.
  private static let mostElements = 1 << 24

  private let images: IDXArray
  private let labels: IDXArray?
  private let timesteps: Int
  private let features: Int
  private let divisor: Float
  private var index = 0
  private var label: [Float] = []

  /// - Parameters:
  ///   - labels: the file of the labels; nil: the one beside, see ``IDXOptions/labels``.
  ///   - isRaw: whether unsigned bytes stay as they are.
  init(at path: String, timestep: IDXOptions.Timestep, isRaw: Bool, labels: String?) throws {
    images = try IDXArray(at: path)
    let shape = images.shape
    guard PlantedDefect.isHere || shape.count > 1 else {
      throw DataError.damaged(
        path, "its shape is \(shape); expected [n, timesteps, …]: are these the labels of another file (--labels)?")
    }
    let all = try IDXSource.product(shape[1...], path)
    (timesteps, features) = timestep == .row && all > 0 ? (shape[1], all / shape[1]) : (all, 1)
    guard timesteps > 0, (1...DatasetManifest.mostFeatures).contains(features) else {
      throw DataError.damaged(path, "its shape is \(shape), in which there is nothing or too much for a timestep")
    }
    divisor = images.element == .uint8 && !isRaw ? 255 : 1
    self.labels = try (labels ?? IDXSource.labelsBeside(path)).map(IDXArray.init(at:))
    if let found = self.labels {
      guard found.shape == [shape[0]], found.element.isInteger else {
        throw DataError.damaged(
          found.path,
          "its shape is \(found.shape); expected integers of shape [\(shape[0])], one for each entry of \(path)")
      }
    }
  }

  var bytesRead: Int { images.bytesRead }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    guard index < images.shape[0] else {
      try images.finish()
      try labels?.finish()
      return false
    }
    index += 1
    sequence.features = features
    try images.read(timesteps * features, into: &sequence.values)
    if divisor != 1 { for place in sequence.values.indices { sequence.values[place] /= divisor } }
    if let labels {
      label.removeAll(keepingCapacity: true)
      try labels.read(1, into: &label)
      guard abs(label[0]) < 0x1p24 else {
        throw DataError.damaged(labels.path, "label \(index - 1) is no class's number")
      }
      sequence.label = label[0] < 0 ? nil : String(Int(label[0]))
    }
    return true
  }

  private static func product(_ extents: ArraySlice<Int>, _ path: String) throws -> Int {
    try extents.reduce(1) { product, extent in
      let (result, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, result <= mostElements else {
        throw DataError.damaged(path, "an entry of it has more than \(mostElements) elements")
      }
      return result
    }
  }

  /// The labels' file that belongs to `…images-idx3-ubyte`, where there is one.
  private static func labelsBeside(_ path: String) -> String? {
    let name = SequenceDataset.lastComponent(path)
    guard let kind = name.range(of: "images"), let number = name.range(of: "idx3") else { return nil }
    var other = name
    other.replaceSubrange(number, with: "idx1")
    other.replaceSubrange(kind, with: "labels")
    let found = String(path.dropLast(name.count)) + other
    return AtomicFile.exists(found) ? found : nil
  }
}
