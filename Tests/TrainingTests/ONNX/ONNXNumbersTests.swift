import ArrayFiles
import Foundation
import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// That the graphs compute what Lockstep computes, by NumPy: what every machine that runs the tests has.
@Suite struct ONNXNumbersTests {
  private static let lengths = [1, 2, 7, 50, 23]

  @Test func graphsComputeWhatEncodersCompute() throws {
    let python = try PythonEnvironment.withNumPy()
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-onnx-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    var folders: [String] = []
    for (index, model) in ONNXCase.all.enumerated() {
      folders.append(place.path + "/\(index)")
      try FileManager.default.createDirectory(atPath: folders[index], withIntermediateDirectories: true)
      try write(model, seed: UInt64(index), to: folders[index])
    }
    let script = MPIRun.repository.path + "/Tests/PeerTests/onnx_numpy.py"
    let result = try MPIRun.startAlone(command: [python, script] + folders, timeoutSeconds: 120).wait()
    let disagreeing = ONNXCase.all.indices.filter { !result.output.contains(try! Regex("(?m)^\($0): .*: agree$")) }
    #expect(
      result.code == 0 && disagreeing.isEmpty, "\(result.summary)\n\(disagreeing.map { ONNXCase.all[$0].description })")
  }

  /// The files of a model whose every number was drawn, and what it makes of sequences.
  private func write(_ model: ONNXCase, seed: UInt64, to folder: String) throws {
    var numbers = Numbers(seed: seed + 1)
    let built = try BuiltModel(model, moments: (mean: 3.3, deviation: 2.1))
    for parameter in built.store.parameters where !parameter.decays {
      built.store[parameter] = built.store[parameter].map { $0 + 0.2 * numbers.float() }
    }
    for statistic in built.store.statistics {
      built.store[statistic] = built.store[statistic].map { $0 + 0.4 * numbers.float() }
    }
    for (name, file) in try built.export.files() { try AtomicFile.write(file.bytes, to: "\(folder)/\(name)") }

    let layout = RaggedLayout(lengths: Self.lengths)
    let count = model.features * layout.timesteps
    let raw =
      model.categories.map { numbers.integers(count, below: $0).map(Float.init) }
      ?? numbers.floats(count, scale: 4).map { 3 + $0 }
    try put(raw, [model.features], folder, "values")
    try put(Self.lengths.map(Int64.init), [], folder, "lengths", .int64)
    if model.categories != nil { try AtomicFile.write("", to: folder + "/categories") }
    var read = raw
    read.withUnsafeMutableBufferPointer { all in
      for sequence in 0..<layout.sequences {
        let rows = layout.rows(of: sequence)
        let own = all[rows.lowerBound * model.features..<rows.upperBound * model.features]
        built.normalisation.apply(to: UnsafeMutableBufferPointer(rebasing: own), features: model.features)
      }
    }
    let input = EncoderInput(PackedTensor(layout: layout, channels: model.features, elements: read))
    var pass = ForwardPass(
      store: built.store, mode: .evaluation, statistics: LaneStatistics(), ids: Array(Self.lengths.indices))
    let frames = try embedded(built.encoder, input, &pass)
    try put(frames.elements, [frames.channels], folder, "frames")
    try put(built.head.pooling.forward(frames).0.elements, [frames.channels], folder, "embedding")
    try put(built.head.forward(frames, pass).0.elements, [3], folder, "logits")
  }

  private func embedded(_ encoder: some Encoder, _ input: EncoderInput, _ pass: inout ForwardPass) throws
    -> PackedTensor
  {
    try encoder.embed(input, &pass)
  }

  private func put<T: BitwiseCopyable>(
    _ values: [T], _ row: [Int], _ folder: String, _ name: String, _ element: NPYElement = .float32
  ) throws {
    let writer = try NPYWriter(at: "\(folder)/\(name).npy", element: element, rowShape: row)
    try writer.append(values)
    try writer.close()
  }
}
