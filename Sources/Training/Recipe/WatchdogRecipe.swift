import DataParallel

/// The section `training.watchdog`: how long a rank may take before the job is ended, in seconds; 0 for ever.
extension WatchdogLimits {
  init(from reader: inout RecipeReader) throws(RecipeError) {
    let standard = WatchdogLimits()
    self.init(
      seconds: try reader.number("seconds", .notNegative, default: standard.seconds),
      startSeconds: try reader.number("startSeconds", .notNegative, default: standard.startSeconds),
      storageSeconds: try reader.number("storageSeconds", .notNegative, default: standard.storageSeconds))
  }

  func write(to writer: inout RecipeWriter) {
    writer.write("seconds", seconds)
    writer.write("startSeconds", startSeconds)
    writer.write("storageSeconds", storageSeconds)
  }
}
