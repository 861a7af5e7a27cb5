import Glibc

/// An address of this machine, but for the loopback's.
struct NetworkInterface: Codable, Sendable, Equatable {
  /// The interface: "eth0".
  var name: String
  /// IPv4: "10.0.0.5".
  var address: String
  /// The network that it is in: "10.0.0.0/24".
  var network: String
  /// Megabits a second, where the driver tells.
  var megabits: Int?

  /// Those that are up.
  static var all: [NetworkInterface] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: [NetworkInterface] = []
    var entry = list
    while let interface = entry?.pointee {
      entry = interface.ifa_next
      guard let address = number(interface.ifa_addr), let mask = number(interface.ifa_netmask),
        interface.ifa_flags & UInt32(IFF_UP) != 0, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      let name = String(cString: interface.ifa_name)
      let speed = SystemText.file("/sys/class/net/\(name)/speed").flatMap { Int($0) }
      found.append(
        NetworkInterface(
          name: name, address: text(address), network: "\(text(address & mask))/\(mask.nonzeroBitCount)",
          megabits: speed.flatMap { $0 > 0 ? $0 : nil }))
    }
    return found
  }

  private static func number(_ address: UnsafeMutablePointer<sockaddr>?) -> UInt32? {
    guard let address, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr.bigEndian }
  }

  private static func text(_ address: UInt32) -> String {
    [24, 16, 8, 0].map { "\(address >> $0 & 255)" }.joined(separator: ".")
  }
}
