import Synchronization

/// Blocks of floats that are used again from step to step, so that training allocates nothing after its first steps.
///
/// Large requests take blocks with far more addresses than memory (`ReservedBlock`): such a block grows in place when a
/// longer step comes, touching new pages only, and is never given back. Of the free ones that which was used up to at
/// least this size and least beyond is taken, else the one that was used most. Small requests take the smallest free
/// block that is large enough and not more than four times too large; where there is none, a new block replaces the
/// largest free one that was too small. So the pool comes to hold as many blocks as are live at once, each as large as
/// the largest step needs.
public final class StoragePool: Sendable {
  /// The process's pool of activation memory.
  public static let shared = StoragePool()

  /// An empty pool.
  public init() {}

  fileprivate struct Block: @unchecked Sendable {  // an address and its size; guarded by `state`
    let base: UnsafeMutablePointer<Float>
    let capacity: Int
    /// The most floats that it was leased for: pages beyond have no memory where the block is a reserved one.
    var used: Int
    /// The most floats of what grows with timesteps that it was leased for since ``StoragePool/startNoting()``.
    var noted: Int
    var isReserved: Bool { capacity == ReservedBlock.floats }
  }
  fileprivate struct State {
    var free: [Block] = []
    var reserved: [Block] = []
    var liveFloats = 0
    var peakFloats = 0
    var misses = 0
  }
  private let state = Mutex(State())

  deinit {
    state.withLock { state in
      for block in state.free { block.base.deallocate() }
      for block in state.reserved { ReservedBlock.giveBack(block.base) }
    }
  }

  /// Bytes in use now, at most so far (or since the last ``forgetPeak()``), and how often a block had to be allocated.
  public var usage: (liveBytes: Int, peakBytes: Int, misses: Int) {
    state.withLock { ($0.liveFloats * 4, $0.peakFloats * 4, $0.misses) }
  }

  /// Lets the peak begin anew at what is in use now.
  public func forgetPeak() { state.withLock { $0.peakFloats = $0.liveFloats } }

  /// A block of at least `count` floats, 64-byte aligned, with unspecified content.
  /// - Parameter growsWithTimesteps: whether a longer step will ask for more of it, which ``prepare(factor:)`` looks ahead
  ///   to: activations do, weights do not.
  public func lease(_ count: Int, growsWithTimesteps: Bool = false) -> Storage {
    let needed = count + KernelSizes.slack
    let block = state.withLock { state -> Block in
      let block = ReservedBlock.suits(needed) ? state.takeReserved(needed, isNoted: growsWithTimesteps) : nil
      let taken = block ?? state.takeExact(needed, count: count)
      state.liveFloats += needed
      state.peakFloats = max(state.peakFloats, state.liveFloats)
      return taken
    }
    return Storage(block: block, live: needed, pool: self)
  }

  /// Begins to note how much of each large block is leased for what grows with the timesteps, for ``prepare(factor:)``.
  public func startNoting() {
    state.withLock { state in
      for index in state.reserved.indices { state.reserved[index].noted = 0 }
    }
  }

  /// Has the system provide the memory that the large blocks would need if all that was noted since ``startNoting()`` were
  /// `factor` times as long, so that no kernel meets a page fault. Call it when all is given back.
  ///
  /// It is memory that a longer step would touch anyway, one page after another, each at the cost of a fault.
  public func prepare(factor: Double) {
    state.withLock { state in
      for index in state.reserved.indices {
        let block = state.reserved[index]
        let wanted = min(Double(ReservedBlock.floats), (Double(block.noted) * factor).rounded(.up))
        guard wanted > Double(block.used) else { continue }
        guard ReservedBlock.populate(block.base, from: block.used, to: Int(wanted)) else { continue }
        state.reserved[index].used = Int(wanted)
      }
    }
  }

  fileprivate func giveBack(_ block: Block, live: Int) {
    state.withLock {
      if block.isReserved { $0.reserved.append(block) } else { $0.free.append(block) }
      $0.liveFloats -= live
    }
  }
}

extension StoragePool.State {
  /// A free reserved block or a new one; nil where the system gives no more addresses.
  fileprivate mutating func takeReserved(_ needed: Int, isNoted: Bool) -> StoragePool.Block? {
    var best: Int?
    for (index, block) in reserved.enumerated() {
      guard let other = best.map({ reserved[$0].used }) else {
        best = index
        continue
      }
      let isBetter = block.used >= needed ? other < needed || block.used < other : block.used > other && other < needed
      if isBetter { best = index }
    }
    if let best {
      var block = reserved.remove(at: best)
      if block.used < needed { misses += 1 }
      block.used = max(block.used, needed)
      if isNoted { block.noted = max(block.noted, needed) }
      return block
    }
    guard let base = ReservedBlock.make() else { return nil }
    misses += 1
    return StoragePool.Block(base: base, capacity: ReservedBlock.floats, used: needed, noted: isNoted ? needed : 0)
  }

  /// A free block that fits, or a new one.
  fileprivate mutating func takeExact(_ needed: Int, count: Int) -> StoragePool.Block {
    var best: Int?
    var largestTooSmall: Int?
    for (index, block) in free.enumerated() {
      if block.capacity >= needed {
        if block.capacity <= 4 * needed + 4096, best.map({ block.capacity < free[$0].capacity }) ?? true {
          best = index
        }
      } else if largestTooSmall.map({ block.capacity > free[$0].capacity }) ?? true {
        largestTooSmall = index
      }
    }
    if let best { return free.remove(at: best) }
    if let largestTooSmall { free.remove(at: largestTooSmall).base.deallocate() }
    misses += 1
    let raw = UnsafeMutableRawPointer.allocate(byteCount: needed * 4, alignment: 64)
    let base = raw.bindMemory(to: Float.self, capacity: needed)
    // What kernels read behind the end is never used, but must not be denormal or trap a memory checker.
    (base + count).initialize(repeating: 0, count: KernelSizes.slack)
    return StoragePool.Block(base: base, capacity: needed, used: needed, noted: 0)
  }
}

/// A leased block of floats; goes back to its pool when the last owner lets go.
public final class Storage {
  /// The first element.
  public var base: UnsafeMutablePointer<Float> { block.base }
  private let block: StoragePool.Block
  private let live: Int
  private let pool: StoragePool

  fileprivate init(block: StoragePool.Block, live: Int, pool: StoragePool) {
    self.block = block
    self.live = live
    self.pool = pool
  }

  deinit { pool.giveBack(block, live: live) }
}
