import Foundation

/// Where bytes become files that readers can open: in memory, and gone with the process.
///
/// One workbench is used by one thread at a time.
public final class Workbench {
  /// A folder in memory where there is one, for readers of folders and for what imports write.
  let folder: String
  private let input: String
  private let descriptor: Int32

  /// Makes the folder and its one file.
  public init() {
    let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    folder = parent + "/lockstep-hostile-\(getpid())-\(UUID().uuidString)"
    precondition(mkdir(folder, 0o700) == 0, "\(folder) cannot be made")
    input = folder + "/input"
    descriptor = open(input, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "\(input) cannot be made")
  }

  deinit {
    close(descriptor)
    removeTree(folder)
  }

  /// Removes the folder, where the process ends before this object.
  public func remove() { removeTree(folder) }

  /// Replaces the content of the one file and returns its path.
  func file(_ bytes: UnsafeRawBufferPointer) -> String {
    precondition(ftruncate(descriptor, 0) == 0, "\(input) cannot be emptied")
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, done)
      precondition(count > 0, "\(input) cannot be written")
      done += count
    }
    return input
  }

  /// Writes a file into ``folder``.
  func write(_ bytes: some Sequence<UInt8>, to name: String) {
    let content = Array(bytes)
    let file = open(folder + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(file >= 0, "\(folder)/\(name) cannot be made")
    defer { close(file) }
    precondition(Glibc.write(file, content, content.count) == content.count, "\(folder)/\(name) cannot be written")
  }

  /// Removes a file of ``folder``.
  func remove(_ name: String) { precondition(unlink(folder + "/" + name) == 0, "\(folder)/\(name) is not there") }

  /// A place for an import's output, empty now; it is emptied again after `body`.
  func withOutput<R>(_ body: (String) throws -> R) rethrows -> R {
    let output = folder + "/output"
    defer { removeTree(output) }
    return try body(output)
  }

  /// Removes a folder of files and folders; Foundation's way takes several times as long.
  private func removeTree(_ path: String) {
    guard let stream = opendir(path) else { return }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if unlink(path + "/" + name) != 0 { removeTree(path + "/" + name) }
    }
    closedir(stream)
    rmdir(path)
  }
}
