import HostileFiles

/// libFuzzer's own mutations, for the other half of the inputs.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maxSize: Int) -> Int

/// Numbers at the ends of what a field may hold, and words that a format takes for something else.
private let awkward: [[UInt8]] = [
  "0", "-1", "1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4294967296", "1e308", "-1e999",
  "5e-324", "nan", ".inf", "null", "true", "",
].map { Array($0.utf8) }

/// The reader whose files these are; set once, before libFuzzer starts.
nonisolated(unsafe) var mutatedReader = HostileReader.recipe

/// Called by libFuzzer for each new input. Half of them get a change that leaves a sound file sound but for one field:
/// changed bytes alone rarely do.
/// - Parameters:
///   - data: the input, with room for `maxSize` bytes.
///   - seed: the only source of chance.
/// - Returns: the new size.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateFields(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maxSize: Int, _ seed: UInt32) -> Int {
  var numbers = SplitMix(state: UInt64(seed))
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard Bool.random(using: &numbers),
    let changed = mutatedReader.isText ? wordChanged(bytes, &numbers) : numberChanged(bytes, &numbers)
  else { return mutateBytes(data, size, maxSize) }
  for (index, byte) in changed.prefix(maxSize).enumerated() { data[index] = byte }
  return min(changed.count, maxSize)
}

/// The text with one word replaced by another one of it or by an awkward one; nil where it has none.
private func wordChanged(_ bytes: [UInt8], _ numbers: inout SplitMix) -> [UInt8]? {
  let words = wordRanges(bytes)
  guard let place = words.randomElement(using: &numbers) else { return nil }
  let isAwkward = Bool.random(using: &numbers)
  let word =
    isAwkward ? awkward.randomElement(using: &numbers)! : Array(bytes[words.randomElement(using: &numbers)!])
  return Array(bytes[..<place.lowerBound] + word + bytes[place.upperBound...])
}

/// The bytes with one number of 2, 4 or 8 of them replaced by one at the ends of what such a field may hold; nil where
/// there are too few. Headers stand at the start, which is taken more often than the rest.
private func numberChanged(_ bytes: [UInt8], _ numbers: inout SplitMix) -> [UInt8]? {
  let width = [2, 4, 8].randomElement(using: &numbers)!
  let reach = min(bytes.count, Bool.random(using: &numbers) ? 64 : bytes.count)
  guard reach >= width else { return nil }
  let start = Int.random(in: 0...(reach - width), using: &numbers) & ~1
  let most = UInt64.max >> (64 - 8 * UInt64(width))
  let value = [0, 1, 2, most, most >> 1, most >> 1 + 1, most / 4 + 1].randomElement(using: &numbers)!
  var changed = bytes
  for index in 0..<width { changed[start + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  return changed
}

extension HostileReader {
  fileprivate var isText: Bool {
    switch self {
    case .ts, .csv, .jsonl, .text, .recordings, .dataset, .recipe: true
    case .safetensors, .npy, .npz, .wav, .fastq, .idx: false
    }
  }
}

/// The runs of letters, digits and signs of numbers.
private func wordRanges(_ bytes: [UInt8]) -> [Range<Int>] {
  var ranges: [Range<Int>] = []
  var start: Int?
  for (index, byte) in (bytes + [0]).enumerated() {
    let isLetter = (0x61...0x7A).contains(byte | 0x20)
    let isOfWord = isLetter || (0x30...0x39).contains(byte) || "+-._".utf8.contains(byte)
    if isOfWord && start == nil { start = index }
    if let first = start, !isOfWord {
      ranges.append(first..<index)
      start = nil
    }
  }
  return ranges
}

/// Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
