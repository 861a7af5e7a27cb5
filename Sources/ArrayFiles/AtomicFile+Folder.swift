import Glibc

extension AtomicFile {
  /// Makes the names in a folder durable: `fsync` of the folder itself.
  public static func syncFolder(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.system("open folder", path: path) }
    defer { close(descriptor) }
    // Some network file systems do not sync folders and say EINVAL: there is nothing more to be had there.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError.system("fsync folder", path: path) }
  }

  /// Makes a folder and those above it, and their names durable; one that is there already is fine, a file in its place
  /// is not.
  public static func createFolder(_ path: String) throws(FileError) {
    var code = mkdir(path, 0o777) == 0 ? 0 : errno
    if code == ENOENT, folder(of: path) != path {
      try createFolder(folder(of: path))
      code = mkdir(path, 0o777) == 0 ? 0 : errno
    }
    guard code == 0 || code == EEXIST else {
      throw FileError.inputOutput(path: path, operation: "mkdir", code: code)
    }
    guard isFolder(path) else {
      throw FileError.damaged(path: path, reason: "a file stands where a folder is meant; move it away")
    }
    // One that is there already too: whoever made it may not have come so far.
    do {
      try syncFolder(folder(of: path))
    } catch {
      // A folder in which one may make others need not be readable, as shared ones on clusters are not.
      guard case .inputOutput(_, _, EACCES) = error else { throw error }
    }
  }

  /// Whether `path` is a folder, or a symbolic link to one.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether anything stands at `path`, be it a link to nothing.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  public static func names(inFolder path: String) throws(FileError) -> [String] {
    guard let handle = opendir(path) else { throw FileError.system("open folder", path: path) }
    defer { closedir(handle) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(handle) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError.system("read folder", path: path) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes a file, a link (not what it names) or a folder with all that is in it; what is not there is fine.
  public static func remove(_ path: String) throws(FileError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw FileError.system("stat", path: path)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try names(inFolder: path) { try remove("\(path)/\(name)") }
      guard rmdir(path) == 0 || errno == ENOENT else { throw FileError.system("rmdir", path: path) }
    } else {
      guard unlink(path) == 0 || errno == ENOENT else { throw FileError.system("unlink", path: path) }
    }
  }

  /// Gives a file or folder another name in the same folder; what stands there is replaced where the system does so.
  public static func move(_ path: String, to other: String) throws(FileError) {
    guard rename(path, other) == 0 else { throw FileError.system("rename", path: path) }
  }

  /// Removes what a process that died while it wrote has left in a folder; nobody else may be writing there.
  public static func removeTemporaries(inFolder path: String) throws(FileError) {
    for name in try names(inFolder: path) where isTemporary(name) { try remove("\(path)/\(name)") }
  }

  /// Lets the finished folder `temporary` appear at `path` in one rename; both lie in the same folder.
  ///
  /// The files in `temporary` must have been synced by their writers. A folder that stands at `path` is exchanged for
  /// the new one in one system call and then removed. A file system without exchange (NFS) sees it moved to
  /// `.NAME.replaced` first; `recoverFolders` puts it back if the process dies just then.
  public static func publishFolder(_ temporary: String, as path: String) throws(FileError) {
    try syncFolder(temporary)
    let parent = folder(of: path)
    if exists(path) {
      if exchange(temporary, path) == 0 {
        try syncFolder(parent)
        try remove(temporary)
        return
      }
      guard errno == EINVAL || errno == ENOSYS || errno == ENOTSUP else {
        throw FileError.system("exchange", path: path)
      }
      let replaced = replacedPath(for: path)
      try remove(replaced)
      guard rename(path, replaced) == 0 else { throw FileError.system("rename", path: path) }
      guard rename(temporary, path) == 0 else {
        let error = FileError.system("rename", path: path)
        rename(replaced, path)
        throw error
      }
      try syncFolder(parent)
      try remove(replaced)
    } else {
      guard rename(temporary, path) == 0 else { throw FileError.system("rename", path: path) }
      try syncFolder(parent)
    }
  }

  /// Ends what an interrupted `publishFolder` left in a folder: what was moved aside comes back where nothing took its
  /// place, and goes where something did.
  public static func recoverFolders(in parent: String) throws(FileError) {
    for name in try names(inFolder: parent) where name.hasPrefix(".") && name.hasSuffix(".replaced") {
      try recoverFolder(at: "\(parent)/\(name.dropFirst().dropLast(".replaced".count))")
    }
  }

  private static func recoverFolder(at path: String) throws(FileError) {
    let replaced = replacedPath(for: path)
    guard exists(replaced) else { return }
    if exists(path) {
      try remove(replaced)
    } else {
      guard rename(replaced, path) == 0 else { throw FileError.system("rename", path: path) }
      try syncFolder(folder(of: path))
    }
  }

  /// Lets the symbolic link `path` name `target`, replacing the link that is there in one rename.
  public static func replaceSymbolicLink(at path: String, target: String) throws(FileError) {
    let temporary = temporaryPath(for: path)
    unlink(temporary)
    guard symlink(target, temporary) == 0 else { throw FileError.system("symlink", path: path) }
    guard rename(temporary, path) == 0 else {
      let error = FileError.system("rename", path: path)
      unlink(temporary)
      throw error
    }
    try syncFolder(folder(of: path))
  }

  /// What the symbolic link at `path` says; nil where nothing is there or what is there is no link.
  public static func targetOfSymbolicLink(at path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      let count = readlink(path, buffer.baseAddress!, buffer.count)
      guard count >= 0 else { return nil }
      return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Where `publishFolder` puts the old folder aside on file systems that cannot exchange.
  static func replacedPath(for path: String) -> String { "\(folder(of: path))/.\(name(of: path)).replaced" }

  /// Lets two paths change places in one system call: renameat2(2), which Glibc's module shows only to GNU sources.
  private static func exchange(_ first: String, _ second: String) -> Int32 {
    typealias Call = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    guard let symbol = dlsym(nil, "renameat2") else {
      errno = ENOSYS
      return -1
    }
    let exchangeFlag: UInt32 = 1 << 1
    return unsafeBitCast(symbol, to: Call.self)(AT_FDCWD, first, AT_FDCWD, second, exchangeFlag)
  }
}
