import ArrayFiles

/// The `.ts` format of aeon and sktime: a header of `@` lines, then a case a line, channels separated by `:`, the
/// values of a channel by `,`, the class last.
///
/// Keys are read in any case, classes keep theirs. Cases may differ in length, the channels of one may not. Missing
/// values (`?`, `NaN`) and time stamps are refused.
final class TSSource: SequenceSource {
  private let lines: LineReader
  private var dimensions: Int?
  private var isUnivariate = false
  private var hasClasses = false
  private var known: Set<String> = []
  private var isInData = false
  private(set) var declaredClasses: [String]?

  init(at path: String) throws { lines = try LineReader(at: path) }

  var bytesRead: Int { lines.bytesRead }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    while let line = try lines.next() {
      let text = NumberParser.trim(line)
      guard let first = text.first, first != 0x23 else { continue }
      if isInData {
        try readCase(text, into: &sequence)
        return true
      }
      guard first == 0x40 else {
        throw lines.error("a case before @data, or not a .ts file: \(NumberParser.quote(text))")
      }
      try readHeader(String(decoding: text.dropFirst(), as: UTF8.self))
    }
    guard isInData else { throw lines.error("the file ends before @data") }
    return false
  }

  private func readHeader(_ text: String) throws {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    guard let key = words.first?.lowercased() else { return }
    func flag() throws -> Bool {
      switch words.dropFirst().first?.lowercased() {
      case "true": return true
      case "false": return false
      default: throw lines.error("@\(words[0]) is neither true nor false")
      }
    }
    switch key {
    case "timestamps":
      if try flag() { throw lines.error("time stamps are not read; resample the data to equal steps first") }
    case "univariate": isUnivariate = try flag()
    case "dimension", "dimensions":
      guard let count = words.dropFirst().first.flatMap(Int.init), (1...DatasetManifest.mostFeatures).contains(count)
      else { throw lines.error("@\(words[0]) is no number of channels") }
      dimensions = count
    case "classlabel":
      hasClasses = try flag()
      let classes = hasClasses ? Array(words.dropFirst(2)) : []
      guard classes.count <= DatasetManifest.mostClasses else {
        throw lines.error("@\(words[0]) names \(classes.count) classes; the most are \(DatasetManifest.mostClasses)")
      }
      known = Set(classes)
      guard known.count == classes.count else { throw lines.error("@\(words[0]) names a class twice") }
      declaredClasses = classes
    case "targetlabel":
      if try flag() { throw lines.error("the file is for regression (@targetlabel true), which has no classes") }
    case "data": isInData = true
    default: break  // problemName, missing, equalLength, seriesLength: found out from the cases
    }
  }

  private func readCase(_ text: ArraySlice<UInt8>, into sequence: inout SourceSequence) throws {
    sequence.line = lines.line
    var text = text
    if hasClasses {
      guard let colon = text.lastIndex(of: 0x3A) else { throw lines.error("there is no :class at the end") }
      let label = String(decoding: NumberParser.trim(Array(text[(colon + 1)...])), as: UTF8.self)
      guard known.isEmpty || known.contains(label) || label == "?" else {
        throw lines.error("the class \"\(label)\" is not one that @classLabel names")
      }
      sequence.label = label == "?" || label.isEmpty ? nil : label
      text = text[..<colon]
    } else if text.last == 0x3A {
      text = text.dropLast()
    }
    // Counted before anything is allocated for them.
    let count = text.count { $0 == 0x3A } + 1
    let expected = isUnivariate ? 1 : dimensions ?? count
    guard count == expected, count <= DatasetManifest.mostFeatures else {
      throw lines.error("\(count) channels; expected \(min(expected, DatasetManifest.mostFeatures))")
    }
    dimensions = expected
    let channels = text.split(separator: 0x3A, omittingEmptySubsequences: false)
    sequence.features = count
    var values: [Float] = []
    var length = 0
    for (index, channel) in channels.enumerated() {
      try readChannel(channel, index, into: &values)
      if index == 0 { length = values.count }
      guard PlantedDefect.isHere || values.count == length * (index + 1) else {
        throw lines.error("channel \(index) has \(values.count - length * index) timesteps, channel 0 has \(length)")
      }
    }
    guard count > 1 else {
      sequence.values = values
      return
    }
    sequence.values = Array(unsafeUninitializedCapacity: values.count) { buffer, initialized in
      for timestep in 0..<length {
        for channel in 0..<count { buffer[timestep * count + channel] = values[channel * length + timestep] }
      }
      initialized = values.count
    }
  }

  private func readChannel(_ channel: ArraySlice<UInt8>, _ index: Int, into values: inout [Float]) throws {
    if channel.first == 0x28 { throw lines.error("time stamps are not read; resample the data to equal steps first") }
    let before = values.count
    let bad: Int? = channel.withUnsafeBufferPointer { NumberList.read($0, separator: 0x2C, into: &values) }
    guard let bad else { return }
    let field = channel.dropFirst(bad).prefix { $0 != 0x2C }
    let name = String(decoding: field, as: UTF8.self).lowercased()
    throw lines.error(
      "channel \(index), timestep \(values.count - before): "
        + (name == "?" || name == "nan"
          ? "the value is missing (\(name)); fill gaps before importing"
          : "\(NumberParser.quote(field)) is no finite number"))
  }
}

/// Lists of numbers with one separator between them.
enum NumberList {
  /// Appends all numbers of `text`; returns where the first that is none (or not finite as Float) begins, or nil.
  static func read(
    _ text: UnsafeBufferPointer<UInt8>, separator: UInt8, into values: inout [Float]
  ) -> Int? {
    var position = 0
    func skipSpace() {
      while position < text.count, text[position] == 0x20 || text[position] == 0x09 { position += 1 }
    }
    while true {
      skipSpace()
      let start = position
      guard let value = NumberParser.double(text, at: &position), Float(value).isFinite else { return start }
      skipSpace()
      guard position == text.count || text[position] == separator else { return start }
      values.append(Float(value))
      if position == text.count { return nil }
      position += 1
    }
  }
}
