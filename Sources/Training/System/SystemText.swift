import Glibc

/// What the kernel tells in files under /proc and /sys.
enum SystemText {
  /// A file's first 64 KiB, without white space at its end; such files tell a size of 0. Nil where it cannot be read.
  static func file(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while content.count < 1 << 16 {
      let count = read(descriptor, &buffer, buffer.count)
      guard count >= 0 else { return nil }
      if count == 0 { break }
      content += buffer[..<count]
    }
    while let last = content.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: " ") { content.removeLast() }
    return String(decoding: content, as: UTF8.self)
  }

  /// The words behind a name that begins a line, as in `MemAvailable:   123 kB` or `inactive_file 4096`.
  static func words(after name: String, inFile path: String) -> [Substring]? {
    file(path)?.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
      .split { $0 == " " || $0 == "\t" || $0 == ":" }
  }

  /// The numbers of a list such as `0-3,8`.
  static func numbers(_ list: some StringProtocol) -> [Int]? {
    var numbers: [Int] = []
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 20 else { return nil }
      numbers += first...last
    }
    return numbers
  }

  /// The list `0-3,8` of rising numbers.
  static func list(_ numbers: [Int]) -> String {
    var parts: [(first: Int, last: Int)] = []
    for number in numbers {
      if let last = parts.last, last.last + 1 == number {
        parts[parts.count - 1].last = number
      } else {
        parts.append((number, number))
      }
    }
    return parts.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
  }
}
