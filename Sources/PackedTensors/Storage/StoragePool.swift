import Synchronization

/// Blocks of floats that are used again from step to step, so that training allocates nothing after its largest step.
///
/// A request takes the smallest free block that is large enough and not more than four times too large; where there is
/// none, a new block replaces the largest free one that was too small. So the pool comes to hold as many blocks as are
/// live at once, each as large as the largest step needs.
public final class StoragePool: Sendable {
  /// The process's pool of activation memory.
  public static let shared = StoragePool()

  /// An empty pool.
  public init() {}

  private struct Block: @unchecked Sendable {  // an address and its size; guarded by `state`
    let base: UnsafeMutablePointer<Float>
    let capacity: Int
  }
  private struct State {
    var free: [Block] = []
    var liveFloats = 0
    var peakFloats = 0
    var misses = 0
  }
  private let state = Mutex(State())

  /// Bytes in use now, at most so far, and how often a block had to be allocated.
  public var usage: (liveBytes: Int, peakBytes: Int, misses: Int) {
    state.withLock { ($0.liveFloats * 4, $0.peakFloats * 4, $0.misses) }
  }

  /// A block of at least `count` floats, 64-byte aligned, with unspecified content.
  public func lease(_ count: Int) -> Storage {
    let needed = count + KernelSizes.slack
    let block = state.withLock { state -> Block in
      var best: Int?
      var largestTooSmall: Int?
      for (index, block) in state.free.enumerated() {
        if block.capacity >= needed {
          if block.capacity <= 4 * needed + 4096, best.map({ block.capacity < state.free[$0].capacity }) ?? true {
            best = index
          }
        } else if largestTooSmall.map({ block.capacity > state.free[$0].capacity }) ?? true {
          largestTooSmall = index
        }
      }
      let block: Block
      if let best {
        block = state.free.remove(at: best)
      } else {
        if let largestTooSmall {
          state.free.remove(at: largestTooSmall).base.deallocate()
        }
        state.misses += 1
        let raw = UnsafeMutableRawPointer.allocate(byteCount: needed * 4, alignment: 64)
        block = Block(base: raw.bindMemory(to: Float.self, capacity: needed), capacity: needed)
        // What kernels read behind the end is never used, but must not be denormal or trap a memory checker.
        (block.base + count).initialize(repeating: 0, count: KernelSizes.slack)
      }
      state.liveFloats += block.capacity
      state.peakFloats = max(state.peakFloats, state.liveFloats)
      return block
    }
    return Storage(base: block.base, capacity: block.capacity, pool: self)
  }

  fileprivate func giveBack(_ base: UnsafeMutablePointer<Float>, capacity: Int) {
    state.withLock {
      $0.free.append(Block(base: base, capacity: capacity))
      $0.liveFloats -= capacity
    }
  }
}

/// A leased block of floats; goes back to its pool when the last owner lets go.
public final class Storage {
  /// The first element.
  public let base: UnsafeMutablePointer<Float>
  private let capacity: Int
  private let pool: StoragePool

  fileprivate init(base: UnsafeMutablePointer<Float>, capacity: Int, pool: StoragePool) {
    self.base = base
    self.capacity = capacity
    self.pool = pool
  }

  deinit { pool.giveBack(base, capacity: capacity) }
}
