import Foundation
import HostileFiles

// replay-files READER FOLDER     reads every file of a folder
// replay-files READER --shapes   reads files of a megabyte, made to cost time or memory
//
// One line a file: its name, its bytes, seconds, kibibytes by which the process grew while it was read, and what became
// of it. A file that ends this process is the one after the last line: names are written before they are read.

guard CommandLine.arguments.count == 3, let reader = HostileReader(rawValue: CommandLine.arguments[1]) else {
  print("usage: replay-files READER FOLDER|--shapes")
  exit(64)
}
setvbuf(stdout, nil, _IOLBF, 0)
let bench = Workbench()

/// A field of /proc/self/status in KiB.
func status(_ field: String) -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
  return Int(line.filter(\.isNumber)) ?? 0
}

/// Lets the process's peak begin anew (proc(5), clear_refs).
func resetPeak() {
  malloc_trim(0)
  guard let file = fopen("/proc/self/clear_refs", "w") else { return }
  fputs("5", file)
  fclose(file)
}

func replay(_ name: String, _ bytes: [UInt8]) {
  print(name, bytes.count, terminator: " ")
  fflush(stdout)
  resetPeak()
  let before = status("VmRSS")
  let start = ContinuousClock.now
  let outcome = bytes.withUnsafeBytes { reader.read($0, on: bench) }
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let growth = max(0, status("VmHWM") - before)
  let words =
    switch outcome {
    case .value: "value"
    case .refused(let sentence): "refused \(sentence.prefix(300))"
    case .untyped(let sentence): "untyped \(sentence.prefix(300))"
    }
  print(String(format: "%.3f", seconds), growth, words.split(separator: "\n").joined(separator: " "))
}

// What the first read of a process loads is no file's doing.
_ = [UInt8]("nothing".utf8).withUnsafeBytes { reader.read($0, on: bench) }
if CommandLine.arguments[2] == "--shapes" {
  for shape in reader.shapes { replay(shape.name, shape.make()) }
} else {
  let folder = CommandLine.arguments[2]
  for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
    replay(name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))))
  }
}
bench.remove()
