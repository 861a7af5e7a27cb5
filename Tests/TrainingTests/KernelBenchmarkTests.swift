import PackedTensors
import Testing

@testable import Training

/// What `bench kernels` measures.
@Suite struct KernelBenchmarkTests {
  @Test(arguments: Precision.allCases) func everyShapeAndOperationHasItsRate(precision: Precision) {
    let shape = ConvolutionGeometry(inputChannels: 6, outputChannels: 12, kernel: 3, stride: 2, dilation: 4)
    let result = KernelBenchmark.run(precision, [shape], timesteps: 200, ofAttention: 50, ofOperations: 500)
    #expect(result.precision == precision.rawValue && result.peak > 1e8 && result.copyBytes > 1e7)
    let row = result.convolutions[0]
    #expect((row.inputChannels, row.outputChannels, row.kernel) == (6, 12, 3) && (row.stride, row.dilation) == (2, 4))
    for rate in [row.forward, row.weightGradient] { #expect(rate > 1e6 && rate < 1e13, "\(row)") }
    #expect(row.inputGradient > 0 && row.peak > 1e8)
    for row in result.attention { #expect(row.forward > 1e6 && row.gradient > 1e6 && row.peak > 1e8, "\(row)") }
    #expect(result.attention.count == 5)
    #expect(result.operations.count == 9 && result.operations.allSatisfy { $0.nanoseconds > 0 && $0.bytes > 0 })
    // The two convolutions forward, twice as much backward, and the stem both ways.
    let flop = 2 * 64 * 64 * 3
    #expect(result.operations.reduce(0) { $0 + $1.operations } == 6 * flop + 2 * 2 * 64)
  }
}
