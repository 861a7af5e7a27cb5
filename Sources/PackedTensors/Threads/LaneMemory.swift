/// A sum of each carried lane that is formed in memory of its own and handed on in lane order.
enum LaneMemory {
  /// Calls `compute` for every carried lane, on all threads, then `finish` in lane order.
  ///
  /// One thread uses one piece of memory again and again; several have a piece for each lane.
  /// - Parameter elements: floats of a lane.
  static func forEach(
    _ layout: RaggedLayout, elements: Int, compute: (_ lane: Int, UnsafeMutablePointer<Float>) -> Void,
    finish: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let lanes = layout.carriedLanes
    guard Workers.count > 1 && lanes > 1 else {
      let memory = StoragePool.shared.lease(elements)
      for lane in 0..<lanes {
        compute(lane, memory.base)
        try finish(lane, memory.base)
      }
      return
    }
    let memory = (0..<lanes).map { _ in StoragePool.shared.lease(elements) }
    Workers.forEach(lanes) { compute($0, memory[$0].base) }
    for lane in 0..<lanes { try finish(lane, memory[lane].base) }
  }
}
