import ArrayFiles
import Networks
import TestSupport
import Testing

@testable import Training

/// What the ONNX files of every encoder hold.
@Suite struct ONNXExportTests {
  @Test(arguments: ONNXCase.all) func everyValueIsThereBeforeItIsRead(model: ONNXCase) throws {
    let files = try BuiltModel(model).export.files()
    #expect(files.map(\.name) == ["encoder.onnx", "model.onnx"])
    for (name, file) in files {
      let graph = try WrittenGraph(file.bytes)
      #expect(graph.inputs == ["values", "lengths"])
      #expect(graph.outputs == (name == "model.onnx" ? ["logits"] : ["frames", "frame_lengths", "embedding"]))
      #expect(graph.metadata == ["step": "7"])
      var known = Set(graph.inputs).union(graph.tensors.keys)
      for node in graph.nodes {
        #expect(known.isSuperset(of: node.inputs), "\(name): \(node.name) reads \(node.inputs)")
        for output in node.outputs { #expect(known.insert(output).inserted, "\(name): \(output) is there twice") }
      }
      #expect(known.isSuperset(of: graph.outputs))
      let read = Set(graph.nodes.flatMap(\.inputs) + graph.outputs)
      for value in known { #expect(read.contains(value), "\(name): \(value) is read by nobody") }
    }
  }

  @Test(arguments: ONNXCase.all) func tensorsAreTheModelsByName(model: ONNXCase) throws {
    let export = try BuiltModel(model).export
    let tensors = export.tensors
    for (name, file) in try export.files() {
      let graph = try WrittenGraph(file.bytes)
      for tensor in tensors where !tensor.name.hasSuffix("num_batches_tracked") {
        if name == "encoder.onnx" && tensor.name.hasPrefix("head.") { continue }
        guard case .float32(let values) = tensor.elements else { continue }
        let written = try #require(graph.tensors[tensor.name], "\(name) holds no \(tensor.name)")
        #expect(written.shape == tensor.shape && written.type == 1)
        #expect(written.bytes == values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
      }
      let own = Set(tensors.map(\.name))
      #expect(graph.tensors.keys.allSatisfy { own.contains($0) || $0.hasPrefix("constant.") })
    }
  }

  @Test(arguments: ONNXCase.all) func whatStandsBeyondASequenceHasNoPart(model: ONNXCase) throws {
    for (name, file) in try BuiltModel(model).export.files() {
      let graph = try WrittenGraph(file.bytes)
      for node in graph.nodes where node.inputs.contains("values") {
        #expect(["Shape", "Where"].contains(node.operation), "\(name): \(node.name) reads the input as it is")
      }
      for node in graph.nodes {
        switch node.operation {
        case "Conv" where node.integers["kernel_shape"]![0] > 1:
          #expect(graph.isZeroBeyond(node.inputs[0]), "\(name): \(node.name) reads \(node.inputs[0])")
          let reach = node.integers["dilations"]![0] * (node.integers["kernel_shape"]![0] - 1)
          #expect(node.integers["pads"]!.reduce(0, +) == reach, "\(name): \(node.name) has not ceil(n / stride) frames")
          #expect(node.texts["auto_pad"] == nil)
        case "ReduceSum" where graph.tensors[node.inputs[1]]?.bytes.first == 2:
          // Of the last frame alone a sum is taken, too.
          let isOfOne =
            graph.source(of: node.inputs[0]).flatMap { graph.source(of: $0.inputs[0]) }?.operation == "Equal"
          #expect(isOfOne || graph.isZeroBeyond(node.inputs[0]), "\(name): \(node.name) sums \(node.inputs[0])")
        case "ReduceMax", "Softmax":
          #expect(graph.source(of: node.inputs[0])?.operation == "Where", "\(name): \(node.name)")
        case "LSTM", "GRU": #expect(node.inputs.count == 5 && node.inputs[4].hasPrefix("Cast"), "\(name): \(node.name)")
        default: break
        }
      }
    }
  }

  @Test func aModelOfOtherTensorsIsRefused() throws {
    let export = try BuiltModel(ONNXCase.all[0]).export
    let damaged = ONNXExport(
      recipe: export.recipe, input: export.input,
      tensors: export.tensors.filter { $0.name != "encoder.stem.conv.bias" },
      metadata: [:], source: "a run")
    #expect(
      throws: FileError.damaged(
        path: "a run", reason: "holds no tensor encoder.stem.conv.bias of shape [8]; it was made by another model")
    ) { try damaged.files() }
  }

  @Test func whatHasNoFormSaysWhatHasOne() throws {
    let error = #expect(throws: TrainingError.self) { try ONNXExport.form(of: FormlessRecipe()) }
    #expect(error?.exitCode == 64)
    let sentence = error.map { "\($0)" } ?? ""
    #expect(sentence.contains("kind: formless has no form in ONNX's operators"), "\(sentence)")
    #expect(sentence.contains("resnet, tcn, critic, transformer, lstm, gru, mlp"), "\(sentence)")
  }

  @Test func aFileOfTwoGibibytesIsRefused() throws {
    try ONNXExport.check(tensorBytes: 2_000_000_000, of: "model.onnx")
    let error = #expect(throws: TrainingError.self) {
      try ONNXExport.check(tensorBytes: 1 << 31, of: "model.onnx")
    }
    #expect(error?.exitCode == 64)
    #expect(error.map { "\($0)".contains("model.onnx would hold 2147483648 bytes") } == true)
  }
}

/// An encoder that nobody has said in ONNX's operators.
private struct FormlessRecipe: EncoderRecipe {
  static let kind = "formless"
  let width = 1
  let timestepsPerFrame = 1
  let isCausal = true

  init() {}
  init(from reader: inout RecipeReader) throws(RecipeError) {}
  func write(to writer: inout RecipeWriter) {}
  func makeEncoder(_ context: ModelContext) -> any Encoder { preconditionFailure("it is not built") }
}
