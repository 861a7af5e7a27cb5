import Foundation
import HostileFiles

/// Reads one input after another and says what each cost.
struct Replay {
  let reader: HostileReader
  let bench: Workbench
  /// What the process holds before the first file.
  private let baseKiB: Int

  init(reader: HostileReader) {
    let bench = Workbench()
    self.reader = reader
    self.bench = bench
    // What the first read of a process loads is no file's doing.
    _ = [UInt8]("nothing".utf8).withUnsafeBytes { reader.read($0, on: bench) }
    baseKiB = Self.status("VmRSS")
  }

  func read(_ name: String, _ bytes: [UInt8]) {
    print(name, bytes.count, terminator: " ")
    fflush(nil)
    resetPeak()
    let start = ContinuousClock.now
    let outcome = bytes.withUnsafeBytes { reader.read($0, on: bench) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let growth = max(0, Self.status("VmHWM") - baseKiB)
    let words =
      switch outcome {
      case .value: "value"
      case .refused(let sentence): "refused \(sentence.prefix(300))"
      case .untyped(let sentence): "untyped \(sentence.prefix(300))"
      }
    print(String(format: "%.3f", seconds), growth, words.split(separator: "\n").joined(separator: " "))
  }

  /// A field of /proc/self/status in KiB.
  private static func status(_ field: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
  }

  /// Lets the process's peak begin anew (proc(5), clear_refs).
  private func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }
}
