import Testing

@testable import Training

@Suite struct MemoryReadingTests {
  /// What proc(5) says is the definition; kernels count both in batches.
  @Test func thePeakIsThatOfThisProcess() throws {
    for bytes in [0, 64 << 20, 192 << 20] {
      _ = [UInt8](repeating: 1, count: bytes).max()
      let before = try #require(vmHWM)
      let peak = Memory.peakBytes
      let after = try #require(vmHWM)
      #expect((before - 4 << 20...after + 4 << 20).contains(peak), "\(peak), between \(before) and \(after)")
    }
  }

  private var vmHWM: Int? {
    SystemText.words(after: "VmHWM", inFile: "/proc/self/status")?.first.flatMap { Int($0) }.map { $0 << 10 }
  }
}
