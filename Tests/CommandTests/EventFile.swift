import Foundation
import Testing

/// One event of a TensorBoard file, what tests ask of it. A reader of its own: it shares nothing with the writer.
struct EventFile {
  /// A moment of the file.
  struct Event {
    var step = 0
    var version: String?
    /// Whether a program begins or goes on with this step.
    var isStart = false
    /// Scalars by tag; other values are NaN.
    var values: [String: Float] = [:]
    /// The bytes of pictures, by tag.
    var pictures: [String: Data] = [:]
    /// The counts of histograms' ranges, by tag.
    var histograms: [String: [Double]] = [:]
  }

  var events: [Event] = []

  /// Reads a file; every record's checksums must be right.
  init(_ path: String) throws {
    var rest = try bytes(path)
    while !rest.isEmpty {
      let head = rest.prefix(8)
      let length = Int(EventFile.number(head))
      try #require(EventFile.number(rest.dropFirst(8).prefix(4)) == UInt64(EventFile.masked(head)), "\(path)")
      let data = rest.dropFirst(12).prefix(length)
      try #require(EventFile.number(rest.dropFirst(12 + length).prefix(4)) == UInt64(EventFile.masked(data)), "\(path)")
      events.append(EventFile.event(data))
      rest = Data(rest.dropFirst(16 + length))
    }
  }

  private static func number(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  /// CRC-32C bit by bit, masked.
  private static func masked(_ bytes: Data) -> UInt32 {
    var value = UInt32.max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }
    value = ~value
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }

  private static func event(_ message: Data) -> Event {
    var event = Event()
    for (field, content) in fields(message) {
      switch field {
      case 2: event.step = Int(number(content))
      case 3: event.version = String(decoding: content, as: UTF8.self)
      case 7: event.isStart = fields(content).contains { $0.field == 1 && number($0.content) == 1 }
      case 5:
        for (_, value) in fields(content) {
          let parts = Dictionary(fields(value).map { ($0.field, $0.content) }) { $1 }
          let tag = String(decoding: parts[1] ?? Data(), as: UTF8.self)
          event.values[tag] = parts[2].map { Float(bitPattern: UInt32(number($0))) } ?? .nan
          if let image = parts[4] { event.pictures[tag] = fields(image).last { $0.field == 4 }?.content }
          if let histogram = parts[5], let counts = fields(histogram).first(where: { $0.field == 7 })?.content {
            event.histograms[tag] = stride(from: 0, to: counts.count, by: 8).map {
              Double(bitPattern: number(counts.dropFirst($0).prefix(8)))
            }
          }
        }
      default: break
      }
    }
    return event
  }

  /// The fields of a protocol buffer message; a varint's content is its value in eight bytes.
  private static func fields(_ message: Data) -> [(field: Int, content: Data)] {
    var found: [(Int, Data)] = []
    var rest = message
    func varint() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let tag = varint()
      let content: Data
      switch tag & 7 {
      case 0: content = withUnsafeBytes(of: varint().littleEndian) { Data($0) }
      case 1: content = rest.prefix(8)
      case 5: content = rest.prefix(4)
      default:
        let count = Int(varint())
        content = rest.prefix(count)
      }
      if tag & 7 != 0 { rest = rest.dropFirst(content.count) }
      found.append((Int(tag >> 3), content))
    }
    return found
  }
}
