import Glibc

/// Addresses without memory: pages come when they are first touched, and in large pages where the system has them.
///
/// A block that is too small for the longest step so far would have to be replaced: unmapped, mapped and touched page by
/// page anew. A reserved one only touches what it lacks.
enum ReservedBlock {
  /// Floats of a block: 8 GiB of addresses and one large page.
  ///
  /// Blocks follow one another, and a power of two would give a timestep the same bits 12 to 27 of its address in all
  /// tensors. By a hash of these AMD's first cache predicts the way (Lipp et al., "Take A Way", ASIA CCS 2020, of Zen to Zen
  /// 2): of lines at one index with one hash only the last is found. Kernels that go through two tensors or three at once
  /// took 1.4 to 2.5 times as long so on Zen 3.
  static let floats = (1 << 31) + pageBytes / MemoryLayout<Float>.stride
  /// Requests from here on are large: 1 MiB.
  private static let smallest = 1 << 18
  /// A large page: 2 MiB.
  private static let pageBytes = 1 << 21

  /// Whether a request of so many floats is for a reserved block.
  static func suits(_ count: Int) -> Bool { count >= smallest && count <= floats }

  /// A new block; nil where the system gives no addresses, such as under a limit of them.
  static func make() -> UnsafeMutablePointer<Float>? {
    let bytes = floats * MemoryLayout<Float>.stride
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
    guard let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), raw != MAP_FAILED else { return nil }
    // Fewer faults, and fewer misses of the address cache; where it is refused ordinary pages do.
    madvise(raw, bytes, Int32(MADV_HUGEPAGE))
    return raw.bindMemory(to: Float.self, capacity: floats)
  }

  /// Has the system provide the pages of floats `from ..< to` at once, so that no kernel waits for them later. Where it
  /// cannot (Linux before 5.14, or there is no more memory), they come when they are touched.
  /// - Returns: whether the pages are there.
  static func populate(_ base: UnsafeMutablePointer<Float>, from: Int, to: Int) -> Bool {
    let first = from * MemoryLayout<Float>.stride / pageBytes * pageBytes
    let last = (to * MemoryLayout<Float>.stride + pageBytes - 1) / pageBytes * pageBytes
    let populateWrite: Int32 = 23  // MADV_POPULATE_WRITE of linux/mman.h
    return madvise(UnsafeMutableRawPointer(base) + first, last - first, populateWrite) == 0
  }

  /// Gives a block's memory and addresses back.
  static func giveBack(_ base: UnsafeMutablePointer<Float>) {
    munmap(base, floats * MemoryLayout<Float>.stride)
  }
}
