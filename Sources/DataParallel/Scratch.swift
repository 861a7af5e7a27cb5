/// Working memory that is kept between calls and grows when needed. Uninitialised; one user at a time.
final class Scratch {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Room for `count` numbers, valid until the next call.
  func room<Element: BitwiseCopyable>(for count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    if memory.count < bytes {
      memory.deallocate()
      memory = .allocate(byteCount: bytes, alignment: 64)
    }
    guard let base = memory.baseAddress else { preconditionFailure("no room was asked for") }
    return base.bindMemory(to: Element.self, capacity: count)
  }

  deinit { memory.deallocate() }
}
