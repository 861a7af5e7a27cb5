import ArrayFiles
import Checkpoints
import Foundation
import Testing

@Suite struct EncoderFolderTests {
  private struct Configuration: Codable, Equatable {
    var step: Int
    var width: Int
    var mean: [Double]
  }

  private let tensors = snapshot(1).model
  private let configuration = Configuration(step: 7, width: 64, mean: [0.1, -2])

  @Test func whatIsPublishedComesBack() throws {
    let scratch = try Scratch()
    let folder = EncoderFolder(run: scratch.run)
    for step in [7, 8] {
      var configuration = configuration
      configuration.step = step
      try folder.publish(tensors, configuration: configuration)
      #expect(try AtomicFile.names(inFolder: scratch.run) == ["encoder"])
      #expect(try AtomicFile.names(inFolder: folder.path) == ["config.json", "encoder.safetensors"])
      let read = try EncoderFolder.locate(scratch.run).read(Configuration.self)
      #expect(read.configuration == configuration)
      for tensor in tensors { #expect(read.tensors.contains(tensor)) }
    }
    #expect(try EncoderFolder.locate(folder.path) == folder)
  }

  @Test func damageIsNoticed() throws {
    let scratch = try Scratch()
    let folder = EncoderFolder(run: scratch.run)
    for name in ["encoder.safetensors", "config.json"] {
      try folder.publish(tensors, configuration: configuration)
      let count = try AtomicFile.size(of: "\(folder.path)/\(name)")
      for position in stride(from: 0, to: count, by: 7) {
        try scratch.change("\(folder.path)/\(name)") { $0[position] ^= 2 }
        #expect(throws: FileError.self, "\(name), byte \(position)") { try folder.read(Configuration.self) }
        try scratch.change("\(folder.path)/\(name)") { $0[position] ^= 2 }
      }
      #expect(try folder.read(Configuration.self).configuration == configuration)
      try scratch.change("\(folder.path)/\(name)") { $0.removeLast() }
      #expect(throws: FileError.self) { try folder.read(Configuration.self) }
    }
  }

  @Test func anotherConfigurationIsSaid() throws {
    let scratch = try Scratch()
    let folder = EncoderFolder(run: scratch.run)
    try folder.publish(tensors, configuration: ["step": 3])
    #expect(
      throws: FileError.damaged(
        path: "\(folder.path)/config.json", reason: "is not the JSON that it should be: width is missing")
    ) { try folder.read(Configuration.self) }
  }

  @Test func aRunWithoutAnEncoderIsMissing() throws {
    let scratch = try Scratch()
    #expect(throws: FileError.self) { try EncoderFolder.locate(scratch.run) }
    do throws(FileError) { _ = try EncoderFolder.locate(scratch.run) } catch {
      guard case .missing = error else {
        Issue.record("\(error)")
        return
      }
    }
  }
}
