import Glibc
import Testing

@testable import PackedTensors

/// Memory that is used again.
@Suite struct StoragePoolTests {
  @Test func aRoundThatIsRepeatedAllocatesNothing() {
    let pool = StoragePool()
    /// As a training step leases: activations live until the backward pass, scratch in between, everything of other
    /// sizes.
    func round() {
      var live: [Storage] = []
      for layer in 1...6 {
        let scratch = pool.lease(300 * layer)
        live.append(pool.lease(20_000 * layer))
        withExtendedLifetime(scratch) {}
      }
      while let activation = live.popLast() {
        let gradients = [pool.lease(64), pool.lease(15_000)]
        withExtendedLifetime((activation, gradients)) {}
      }
    }
    round()
    round()
    let (live, peak, misses) = pool.usage
    #expect(live == 0 && misses > 0)
    for repetition in 3...6 {
      round()
      #expect(pool.usage.misses == misses, "round \(repetition) allocated \(pool.usage.misses - misses) blocks")
      #expect(
        pool.usage.peakBytes <= peak, "round \(repetition): a peak of \(pool.usage.peakBytes) after \(peak) bytes")
    }
  }

  @Test func aBlockComesBack() {
    let pool = StoragePool()
    var first: Storage? = pool.lease(1000)
    let address = first!.base
    #expect(UInt(bitPattern: address) % 64 == 0, "blocks are aligned to 64 bytes")
    let live = pool.usage.liveBytes
    #expect(live >= 4000)
    first = nil
    #expect(pool.usage.liveBytes == 0 && pool.usage.peakBytes == live)
    let again = pool.lease(900)
    #expect(again.base == address && pool.usage.misses == 1, "a smaller request takes the free block")
    let other = pool.lease(900)
    #expect(other.base != address && pool.usage.misses == 2, "a block has one owner at a time")
    #expect(pool.usage.peakBytes > live)
  }

  @Test func theBestFitIsTaken() {
    let pool = StoragePool()
    let sizes = [5000, 1000, 3000]
    var blocks: [Storage] = sizes.map { pool.lease($0) }
    let addresses = blocks.map(\.base)
    blocks = []
    #expect(pool.lease(900).base == addresses[1])
    #expect(pool.lease(2000).base == addresses[2])
    #expect(pool.lease(4999).base == addresses[0])
    let small = pool.lease(0)
    withExtendedLifetime(small) { #expect(pool.usage.liveBytes > 0, "an empty lease can be read behind its end") }
  }

  @Test func aTooSmallBlockMakesRoomForALargerOne() {
    let pool = StoragePool()
    for size in stride(from: 1000, through: 20_000, by: 1000) { withExtendedLifetime(pool.lease(size)) {} }
    // Each request replaced the block before it: there is one, as large as the largest.
    let last = pool.lease(20_000)
    #expect(pool.usage.misses == 20 && pool.usage.peakBytes == pool.usage.liveBytes)
    withExtendedLifetime(last) {}
  }

  @Test func aLargeBlockGrowsWhereItStands() {
    let pool = StoragePool()
    let sizes = [300_000, 500_000, 2_000_000, 400_000]
    var address: UnsafeMutablePointer<Float>?
    for size in sizes {
      let storage = pool.lease(size)
      #expect(address == nil || storage.base == address, "a block of \(size) floats moved")
      address = storage.base
      (storage.base[0], storage.base[size - 1], storage.base[size + KernelSizes.slack - 1]) = (1, 2, 0)
      #expect(pool.usage.liveBytes == 4 * (size + KernelSizes.slack))
    }
    #expect(pool.usage.misses == 3, "the last is no larger than one before")
    #expect(pool.usage.liveBytes == 0)
    // Two at once: the one that was used for more goes to the larger request, whichever comes first.
    do { withExtendedLifetime((pool.lease(2_000_000), pool.lease(300_000))) {} }
    let misses = pool.usage.misses
    withExtendedLifetime((pool.lease(300_000), pool.lease(2_000_000))) {}
    #expect(pool.usage.misses == misses)
  }

  /// The way predictor of AMD's first cache knows a line by a hash of its address's bits 12 to 27: of lines at one index
  /// with one hash it finds the last alone. Blocks lie one behind the other.
  @Test func aTimestepLooksDifferentInNeighbouringLargeBlocks() {
    // Zen's pairs of bits: Lipp et al., "Take A Way", ASIA CCS 2020.
    let pairs = [(12, 27), (13, 26), (14, 25), (15, 20), (16, 21), (17, 22), (18, 23), (19, 24)]
    let first = UInt(bitPattern: StoragePool().lease(300_000).base)
    let bytes = UInt(ReservedBlock.floats * MemoryLayout<Float>.stride)
    let hashes = (0..<32).map { block in
      let address = first &- UInt(block) * bytes
      return pairs.reduce(UInt(0)) { $0 << 1 | (address >> $1.0 ^ address >> $1.1) & 1 }
    }
    #expect(Set(hashes).count == hashes.count, "hashes \(hashes) of blocks \(bytes) bytes apart")
  }

  @Test func whatWasPreparedBringsNoPageFault() {
    let pool = StoragePool()
    func touch(_ storage: Storage, _ count: Int) -> Int {
      let before = faultsOfThisThread
      for index in stride(from: 0, to: count, by: 512) { storage.base[index] = 1 }
      return faultsOfThisThread - before
    }
    pool.startNoting()
    do {
      let storages = [300_000, 600_000].map { pool.lease($0, growsWithTimesteps: true) }
      for (storage, count) in zip(storages, [300_000, 600_000]) { #expect(touch(storage, count) > 0) }
    }
    pool.prepare(factor: 8)
    let storages = [2_400_000, 4_800_000].map { pool.lease($0) }
    for (storage, count) in zip(storages, [2_400_000, 4_800_000]) {
      #expect(touch(storage, count) == 0, "a block of \(count) floats was not ready")
    }
    withExtendedLifetime(storages) {
      #expect(touch(pool.lease(600_000), 600_000) > 0, "a block that was not there before is new to the system")
    }
  }

  @Test func whatDoesNotGrowIsNotMadeReady() {
    let pool = StoragePool()
    pool.startNoting()
    do { withExtendedLifetime((pool.lease(300_000), pool.lease(300_000, growsWithTimesteps: true))) {} }
    pool.prepare(factor: 50)
    let (first, second) = (pool.lease(15_000_000), pool.lease(15_000_000))
    var faults = 0
    for storage in [first, second] {
      let before = faultsOfThisThread
      for index in stride(from: 300_000, to: 15_000_000, by: 512) { storage.base[index] = 1 }
      if faultsOfThisThread > before { faults += 1 }
    }
    withExtendedLifetime((first, second)) {}
    #expect(faults == 1, "\(faults) of two blocks were not ready: weights were taken to grow, or activations not to")
  }

  /// Page faults of the calling thread so far.
  private var faultsOfThisThread: Int {
    var usage = rusage()
    getrusage(1, &usage)  // RUSAGE_THREAD
    return usage.ru_minflt
  }

  @Test func thePeakCanBeginAnew() {
    let pool = StoragePool()
    do { withExtendedLifetime(pool.lease(500_000)) {} }
    pool.forgetPeak()
    #expect(pool.usage.peakBytes == 0)
    let storage = pool.lease(1000)
    withExtendedLifetime(storage) { #expect(pool.usage.peakBytes == 4 * (1000 + KernelSizes.slack)) }
  }

  @Test func manyThreadsLeaseAtOnce() async {
    let pool = StoragePool()
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { turn in
            let storage = pool.lease(100 + turn * task)
            storage.base.update(repeating: Float(task), count: 100 + turn * task)
            return (0..<100 + turn * task).allSatisfy { storage.base[$0] == Float(task) }
          }
        }
      }
      for await alone in group { #expect(alone, "two owners wrote to one block") }
    }
    #expect(pool.usage.liveBytes == 0)
  }
}
