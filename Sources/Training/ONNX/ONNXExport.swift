import ArrayFiles
import FoundationEssentials
import Networks
import PackedTensors

/// A saved model as ONNX files, which runtimes in many languages run without Lockstep.
struct ONNXExport {
  /// Section `model` of the recipe.
  let recipe: ModelRecipe
  /// How the encoder reads.
  let input: InputDescription
  /// The state dict.
  let tensors: [NamedTensor]
  /// Facts that go into the files.
  let metadata: [String: String]
  /// Where the tensors come from, for errors.
  let source: String

  /// The files and what they hold: `encoder.onnx`, and `model.onnx` where there is a classification head.
  /// - Throws: a usage error (64) where the encoder has no ONNX form or a file would be too large, `FileError.damaged`
  ///   (65) for a tensor that is missing.
  func files() throws -> [(name: String, model: ONNXModel)] {
    var files = [("encoder.onnx", try encoder())]
    if tensors.contains(where: { $0.name == "head.weight" }) { files.append(("model.onnx", try classifier())) }
    for (name, model) in files { try ONNXExport.check(tensorBytes: model.graph.tensorBytes, of: name) }
    return files
  }

  /// Frames, their numbers, and the pooled embedding.
  private func encoder() throws -> ONNXModel {
    var graph = builder()
    let frames = try ONNXExport.form(of: recipe.encoder).addEncoder(to: &graph)
    let masked = graph.masked(frames)
    _ = graph.add("Identity", [masked.name], name: "frames")
    _ = graph.add("Identity", [graph.lengths(frame: frames.frame)], name: "frame_lengths")
    _ = graph.pooled(frames, recipe.pool.pooling, name: "embedding")
    return model(
      graph, name: "encoder", "from sequences to frames and one embedding each",
      [
        .init(
          "frames", .float32, [.named("batch"), .fixed(frames.channels), .named("frames")],
          "embeddings of all frames; zero beyond a sequence's frames"),
        .init("frame_lengths", .int64, [.named("batch")], "frames of each sequence: ceil(length / \(frames.frame))"),
        .init(
          "embedding", .float32, [.named("batch"), .fixed(frames.channels)],
          "pooled (\(recipe.pool.rawValue)) over each sequence's own frames"),
      ])
  }

  /// Logits.
  private func classifier() throws -> ONNXModel {
    var graph = builder()
    let frames = try ONNXExport.form(of: recipe.encoder).addEncoder(to: &graph)
    let embedding = graph.pooled(frames, recipe.pool.pooling, name: "embedding")
    let classes = input.classes.count
    let parameters = [
      try graph.tensor("head.weight", [classes, frames.channels]), try graph.tensor("head.bias", [classes]),
    ]
    _ = graph.add("Gemm", [embedding] + parameters, ["transB": .integer(1)], name: "logits")
    return model(
      graph, name: "classifier", "from sequences to logits of \(classes) classes",
      [
        .init(
          "logits", .float32, [.named("batch"), .fixed(classes)],
          "of the classes in the order of the metadata's classes; their softmax are probabilities")
      ])
  }

  private func builder() -> ONNXBuilder {
    ONNXBuilder(
      input: ONNXInput(
        features: input.features, categories: recipe.input.kind == .categories ? input.categories : nil,
        normalisation: input.normalisation(recipe.input.normalise)), tensors: tensors, source: source)
  }

  private func model(
    _ graph: ONNXBuilder, name: String, _ description: String, _ outputs: [ONNXGraph.Value]
  ) -> ONNXModel {
    ONNXModel(
      graph: ONNXGraph(
        name: name, description: "Lockstep's \(type(of: recipe.encoder).kind), \(description)", nodes: graph.nodes,
        initialisers: graph.initialisers, inputs: graph.input.values, outputs: outputs), producer: "lockstep",
      metadata: metadata)
  }

  /// The ONNX form of an encoder.
  static func form(of encoder: any EncoderRecipe) throws -> any ONNXEncoderRecipe {
    if let form = encoder as? any ONNXEncoderRecipe { return form }
    let others = RecipeKinds.encoders.filter { $0 is any ONNXEncoderRecipe.Type }.map { $0.kind }
    throw TrainingError.usage(
      "--onnx: model.encoder.kind: \(type(of: encoder).kind) has no form in ONNX's operators; those that have one: \(others.joined(separator: ", ")). Without --onnx the weights are exported as safetensors"
    )
  }

  /// Refuses what no protocol buffer can hold. A mebibyte is left for names and nodes.
  static func check(tensorBytes bytes: Int, of file: String) throws {
    guard bytes <= ONNXModel.largestFile - 1 << 20 else {
      throw TrainingError.usage(
        "--onnx: \(file) would hold \(bytes) bytes of weights, and an ONNX file has at most \(ONNXModel.largestFile); export without --onnx: safetensors has no such limit"
      )
    }
  }
}

extension ONNXExport {
  /// The model of a run.
  init(_ saved: SavedModel, source: String) {
    self.init(
      recipe: saved.recipe.model, input: saved.state.input, tensors: saved.tensors,
      metadata: [
        "classes": ONNXExport.json(saved.state.input.classes), "encoder": type(of: saved.recipe.model.encoder).kind,
        "pool": saved.recipe.model.pool.rawValue, "precision": saved.recipe.precision.rawValue,
        "recipe": saved.recipe.identity, "step": "\(saved.step)",
      ], source: source)
  }

  /// A JSON list on one line.
  private static func json(_ names: [String]) -> String {
    guard let list = try? JSONEncoder().encode(names) else { preconditionFailure("texts have a JSON") }
    return String(decoding: list, as: UTF8.self)
  }
}
