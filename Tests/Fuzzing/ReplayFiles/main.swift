import Foundation
import HostileFiles

// replay-files READER FOLDER     reads every file of a folder
// replay-files READER --shapes   reads files of a megabyte, made to cost time or memory
//
// One line a file: its name, its bytes, seconds, kibibytes by which the process was at most larger than at its start, and
// what became of it. A file that ends this process is the last one named: names are written before they are read.

guard CommandLine.arguments.count == 3, let reader = HostileReader(rawValue: CommandLine.arguments[1]) else {
  print("usage: replay-files READER FOLDER|--shapes")
  exit(64)
}
let replay = Replay(reader: reader)
if CommandLine.arguments[2] == "--shapes" {
  for shape in reader.shapes { replay.read(shape.name, shape.make()) }
} else {
  let folder = CommandLine.arguments[2]
  for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
    replay.read(name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))))
  }
}
replay.bench.remove()
