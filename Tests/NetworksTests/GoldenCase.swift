import ArrayFiles
import Foundation
import Networks
import PackedTensors

/// One network case of the golden values: its settings, its tensors, and the network built from them.
struct GoldenCase {
  struct Settings: Decodable {
    struct Stem: Decodable { var width, kernel, stride: Int; var norm: Bool }
    struct Block: Decodable { var width, kernel, stride, dilation: Int }
    struct Transformer: Decodable {
      enum CodingKeys: String, CodingKey {
        case layers, heads, positions
        case feedForward = "feed_forward"
      }
      var layers, heads, feedForward: Int
      var positions: String
    }

    /// The encoder, its parameters registered.
    func makeEncoder(in store: ParameterStore) -> any Encoder {
      let function = activation.flatMap(Activation.init(rawValue:)) ?? .identity
      if let perceptrons {
        let shape = Perceptron.Shape(width: width!, layers: perceptrons, isNormalised: norm!, activation: function)
        return Perceptron("encoder", features: features, categories: categories, shape, in: store)
      }
      let stem = stem!
      let first = Networks.Stem.Shape(
        width: stem.width, kernel: stem.kernel, stride: stem.stride, isNormalised: stem.norm)
      if let cell {
        let shape = RecurrentEncoder.Shape(
          stem: first, cell: RecurrentCell(rawValue: cell)!, width: width!, layers: layers ?? 1,
          bidirectional: bidirectional ?? false)
        return RecurrentEncoder("encoder", features: features, categories: categories, shape, in: store)
      }
      let shape = ResNet.Shape(
        stem: first,
        blocks: blocks!.map { .init(width: $0.width, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation) },
        causal: causal!, activation: function)
      if let layers = transformer {
        let shape = Networks.Transformer.Shape(
          front: shape, layers: layers.layers, heads: layers.heads, feedForward: layers.feedForward,
          order: Networks.Transformer.Order(rawValue: layers.positions)!)
        return Networks.Transformer("encoder", features: features, categories: categories, shape, in: store)
      }
      return ResNet("encoder", features: features, categories: categories, shape, in: store)
    }

    var features: Int
    var categories: Int?
    var pool: String
    var stem: Stem?
    /// Of convolutions.
    var causal: Bool?
    var activation: String?
    var blocks: [Block]?
    var transformer: Transformer?
    /// Of recurrent layers.
    var cell: String?
    var width, layers: Int?
    var bidirectional: Bool?
    /// Of perceptrons; with `width` and `activation`.
    var perceptrons: Int?
    var norm: Bool?
    var classes: Int
    var vanishing: [String]
  }
  /// Other cases have other settings; those are left alone.
  private struct Index: Decodable {
    struct Entry: Decodable {
      var settings: Settings?
      init(from decoder: any Decoder) throws { settings = try? Settings(from: decoder) }
    }
    var cases: [String: Entry]
  }

  let settings: Settings
  let file: SafetensorsFile
  let store = ParameterStore(seed: 1)
  let encoder: any Encoder
  let head: ClassificationHead

  static let folder = Bundle.module.resourcePath! + "/Golden"

  init(_ name: String) throws {
    let index = try JSONDecoder().decode(
      Index.self, from: Data(contentsOf: URL(fileURLWithPath: GoldenCase.folder + "/cases.json")))
    settings = index.cases[name]!.settings!
    file = try SafetensorsFile(path: GoldenCase.folder + "/\(name).safetensors")
    encoder = settings.makeEncoder(in: store)
    head = ClassificationHead(
      "head", width: encoder.width, classes: settings.classes, pooling: Pooling(rawValue: settings.pool)!, dropout: 0,
      in: store)
    for parameter in store.parameters { store[parameter] = try floats("initial." + parameter.name) }
    for statistic in store.statistics { store[statistic] = try floats("initial." + statistic.name) }
    for counter in store.counters { store[counter] = try integers("initial." + counter.name)[0] }
  }

  func floats(_ name: String) throws -> [Float] {
    guard case .float32(let values) = try file.tensor(name).elements else { fatalError("\(name) is not float32") }
    return values
  }

  func integers(_ name: String) throws -> [Int64] {
    switch try file.tensor(name).elements {
    case .int64(let values): return values
    default: fatalError("\(name) holds no integers")
    }
  }

  /// The packed batch, its sequences dealt to lanes of the given sizes.
  func input(laneBounds: [Int]) throws -> PackedTensor {
    let offsets = try integers("input.offsets").map { Int($0) }
    let lengths = zip(offsets.dropFirst(), offsets).map { $0 - $1 }
    return PackedTensor(
      layout: RaggedLayout(lengths: lengths, laneBounds: laneBounds), channels: settings.features,
      elements: try floats("input.values"))
  }

  func labels() throws -> [Int32] { try integers("input.labels").map { Int32($0) } }
}
