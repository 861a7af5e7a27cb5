import Foundation
import TestSupport
import Testing

extension Trainings {
  /// The same bits on every instruction set that this processor has.
  @Suite struct InstructionSetTests {
    /// A forced set, and the C library told that the processor is an older one.
    static let environments: [(name: String, values: [String: String])] = {
      let processor = (try? text("/proc/cpuinfo")) ?? ""
      let hasAVX512 = ["avx512f", "avx512bw", "avx512dq", "avx512vl"].allSatisfy { processor.contains(" \($0)") }
      let hasBfloat16 = hasAVX512 && processor.contains(" avx512_bf16")
      let older = "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable,-FMA4"
      return (hasAVX512 ? [("avx512", ["LOCKSTEP_ISA": "avx512"])] : [])
        + (hasBfloat16 ? [("avx512bf16", ["LOCKSTEP_ISA": "avx512bf16"])] : [])
        + [("portable", ["LOCKSTEP_ISA": "portable", "GLIBC_TUNABLES": older])]
    }()

    /// Sections `model` and `objective` that together reach every function that differs between processors.
    static let models = [
      """
      model:
        input: {kind: categories}
        encoder: {kind: resnet, width: 8, stem: {kernel: 4, stride: 2}, blocks: 1, activation: gelu, dropout: 0.2}
      objective: {kind: masked, span: 2}
      """,
      """
      model:
        input: {kind: reals, normalise: dataset}
        encoder: {kind: resnet, width: 8, stem: {kernel: 4, stride: 4}, blocks: [{width: 12, dilation: 2}]}
      objective: {kind: masked, target: spectrum, span: 1}
      """,
      """
      model:
        input: {kind: reals, normalise: sequence}
        encoder: {kind: resnet, width: 8, kernel: 5, blocks: 1, causal: true}
        pool: last
      objective: {kind: classify, labelSmoothing: 0.1, augment: {crop: 0.9, jitter: 0.1, scaling: 0.1}}
      """,
      """
      precision: bfloat16
      model:
        input: {kind: reals, normalise: dataset}
        encoder: {kind: resnet, width: 7, kernel: 5, stem: {kernel: 4, stride: 2}, blocks: [{stride: 2, dilation: 2}, {width: 12}]}
      objective: {kind: masked}
      """,
      """
      model: {input: {kind: categories}, encoder: {kind: lstm, width: 9, layers: 2, bidirectional: true}}
      objective: {kind: masked}
      """,
      """
      precision: bfloat16
      model: {input: {kind: reals, normalise: dataset}, encoder: {kind: gru, width: 9}}
      objective: {kind: next}
      """,
    ]

    @Test(arguments: models.indices) func everyInstructionSet(index: Int) throws {
      let model = InstructionSetTests.models[index]
      let waves = PlainDataset.waves(
        lengths: someLengths(20, 16...48), categories: model.contains("kind: categories") ? 12 : nil)
      var experiment = Experiment(data: try waves.write(), model: model)
      experiment.command = model.contains("classify") ? "train" : "pretrain"
      (experiment.sequences, experiment.steps, experiment.validateEvery) = (8, 4, 2)
      let reference = try experiment.run(environment: ["LOCKSTEP_ISA": "avx2"])
      #expect(try instructionSet(of: reference) == "avx2")
      for (name, environment) in InstructionSetTests.environments {
        let run = try experiment.run(environment: environment)
        #expect(try instructionSet(of: run) == name)
        try run.expectSameBits(as: reference, at: 4, "\(name) against avx2")
      }
      if index == 0 {
        let names = InstructionSetTests.environments.map(\.name).joined(separator: ", ")
        print("instruction sets whose trainings were compared with avx2: \(names)")
      }
    }

    private func instructionSet(of run: TrainedRun) throws -> String? {
      let manifest = try JSONSerialization.jsonObject(with: try bytes(run.checkpoint(4) + "/MANIFEST.json"))
      return ((manifest as? [String: Any])?["made"] as? [String: String])?["instructionSet"]
    }
  }
}
