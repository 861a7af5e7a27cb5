import ArrayFiles
import Checkpoints

/// `lockstep export`: a model in files that other programs read.
public enum ExportCommand {
  /// Writes `model.safetensors` (the whole state dict), and `encoder/` as pretraining publishes it, into a new folder.
  /// - Parameter onnx: whether to write `encoder.onnx`, and `model.onnx` of a classifier, as well.
  /// - Returns: which weights, for the user.
  /// - Throws: a usage error (64) where `out` is not empty, or the encoder has no ONNX form; nothing is written then.
  public static func run(model: String, checkpoint: String?, out: String, onnx: Bool = false) throws -> String {
    try OutputPlace.check(emptyFolder: out)
    let saved = try SavedModel.open(model, checkpoint: checkpoint)
    let graphs = onnx ? try ONNXExport(saved, source: "\(model) (\(saved.choice))").files() : []
    let (encoder, description) = saved.encoder
    try AtomicFile.createFolder(out)
    try EncoderFolder(run: out).publish(encoder, configuration: description)
    try AtomicFile.write(saved.recipe.resolvedYAML, to: out + "/recipe.yaml")
    try AtomicFile.write(Array(StableJSON.encode(ExportDescription(saved))), to: out + "/config.json")
    try SafetensorsFile.write(saved.tensors, to: out + "/model.safetensors")
    for (name, graph) in graphs { try AtomicFile.write(graph.bytes, to: "\(out)/\(name)") }
    return saved.choice
  }
}

/// An export's config.json: the encoder's description and what stands on it.
private struct ExportDescription: Encodable {
  var format = "lockstep-model"
  var version = 1
  var step: Int
  var encoder: EncoderDescription
  var pool: String
  var classes: [String]

  init(_ saved: SavedModel) {
    step = saved.step
    encoder = saved.encoder.description
    pool = saved.recipe.model.pool.rawValue
    classes = saved.state.input.classes
  }
}
