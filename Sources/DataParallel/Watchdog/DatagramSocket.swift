import Glibc

/// A UDP socket (RFC 768) on all IPv4 interfaces of this machine. Owned by one thread.
struct DatagramSocket: ~Copyable {
  /// Where a datagram comes from or goes to: address and port in network byte order.
  struct Address: Sendable, Hashable {
    var address: UInt32
    var port: UInt16

    init(address: UInt32, port: UInt16) {
      self.address = address
      self.port = port
    }

    /// Reads "10.0.0.1:4711".
    init?(_ text: String) {
      let parts = text.split(separator: ":")
      var address = in_addr()
      guard parts.count == 2, let port = UInt16(parts[1]), inet_pton(AF_INET, String(parts[0]), &address) == 1 else {
        return nil
      }
      self.init(address: address.s_addr, port: port.bigEndian)
    }
  }

  private let descriptor: Int32
  /// The port, in host byte order.
  let port: UInt16

  /// A socket on a free port; nil where the system gives none.
  /// - Parameter timeoutSeconds: how long ``receive()`` waits.
  init?(timeoutSeconds: Double) {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var timeout = timeval(
      tv_sec: Int(timeoutSeconds), tv_usec: Int((timeoutSeconds - timeoutSeconds.rounded(.down)) * 1e6))
    let isBound = withUnsafeMutablePointer(to: &own) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound,
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size)) == 0
    else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    port = UInt16(bigEndian: own.sin_port)
  }

  deinit { close(descriptor) }

  /// The port of a socket; 0 for none.
  static func port(of socket: borrowing DatagramSocket?) -> UInt16 {
    switch socket {
    case .some(let socket): socket.port
    case .none: 0
    }
  }

  /// Sends a datagram; what cannot be sent is lost, as any datagram may be.
  func send(_ bytes: [UInt8], to peer: Address) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = peer.address
    address.sin_port = peer.port
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(
          descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The next datagram, or nil after the timeout.
  func receive() -> (bytes: ArraySlice<UInt8>, from: Address)? {
    var buffer = [UInt8](repeating: 0, count: 512)
    var from = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &from) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
      }
    }
    guard count >= 0 else { return nil }
    return (buffer[..<count], Address(address: from.sin_addr.s_addr, port: from.sin_port))
  }

  /// This machine's IPv4 addresses, as text; the loopback address last.
  static var addressesOfThisMachine: [String] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return ["127.0.0.1"] }
    defer { freeifaddrs(list) }
    var found: [String] = []
    var entry = list
    while let interface = entry?.pointee {
      entry = interface.ifa_next
      guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        interface.ifa_flags & UInt32(IFF_UP) != 0, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
      address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        _ = inet_ntop(AF_INET, &pointer.pointee.sin_addr, &text, socklen_t(text.count))
      }
      found.append(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
    return found + ["127.0.0.1"]
  }
}
