import ArrayFiles
import SequenceData
import Testing

@Suite struct GeneratorTests {
  private func generate(_ scratch: Scratch, _ change: (inout DatasetGenerator) -> Void) throws -> SequenceDataset {
    var generator = DatasetGenerator()
    generator.lengths = 200...800
    change(&generator)
    try generator.write(to: scratch.file("set"))
    return try SequenceDataset(at: scratch.file("set"))
  }

  @Test func splitsAndLabelsHaveTheirShares() throws {
    let scratch = Scratch()
    let data = try generate(scratch) {
      $0.sequences = 400
      $0.lengths = 4...256
      $0.unlabelled = 0.75
    }
    #expect(data.count == 400 && data.features == 1 && data.values == .categories(count: 41))
    #expect(data.classes == ["class-0", "class-1", "class-2", "class-3"])
    let ids = Array(0..<data.count)
    #expect(ids.count { data.split(of: $0) == .train } == 280)
    #expect(ids.count { data.split(of: $0) == .validation } == 40)
    for label in 0..<4 {
      let counts = Split.allCases.map { split in
        ids.count { data.split(of: $0) == split && data.label(of: $0) == label }
      }
      #expect(counts == [18, 10, 20], "class \(label)")
    }
    let lengths = ids.map(data.length)
    #expect(lengths.allSatisfy { (4...256).contains($0) })
    // Log-uniform over six octaves: a third of the lengths in each pair of them.
    for (low, high) in [(4, 16), (16, 64), (64, 257)] {
      let share = lengths.count { $0 >= low && $0 < high }
      #expect((100...167).contains(share), "lengths in \(low)..<\(high): \(share) of 400")
    }
  }

  @Test func equalSettingsMakeEqualData() throws {
    let scratches = (0..<3).map { _ in Scratch() }
    let data = try zip(scratches, [5, 5, 6] as [UInt64]).map { scratch, seed in
      try generate(scratch) {
        $0.sequences = 12
        $0.seed = seed
      }
    }
    #expect(data[0].fingerprint == data[1].fingerprint)
    #expect(data[0].fingerprint != data[2].fingerprint)
    // The very values, which every processor must give.
    let digest = try Checksum.sha256(ofFile: scratches[0].file("set/values-00000.npy"))
    #expect(digest == "b37f99f2432c062a2e7f8ff13ad70a7236566fc8fda92da19918a664a435b7df")
    let values = try data[0].array(0).prefix(12).map { Int($0) }
    #expect(values == [10, 10, 2, 12, 13, 13, 14, 14, 14, 16, 16, 17])
    withExtendedLifetime(scratches) {}  // the folders stay until their files have been read
  }

  @Test func sentencesOfAGrammar() throws {
    let scratch = Scratch()
    let data = try generate(scratch) {
      $0.process = .grammar
      ($0.sequences, $0.classes, $0.unlabelled) = (600, 2, 0)
    }
    #expect(data.values == .categories(count: 256) && data.classes == ["kind-0", "kind-1"])
    let sentences = try (0..<600).map { id in
      String(decoding: try data.array(id).map { UInt8($0) }, as: UTF8.self).split(separator: " ").map(String.init)
    }
    // A sentence is about its first noun, whose kind is the class: no noun is of both.
    var kinds: [String: Set<Int>] = [:]
    for (id, words) in sentences.enumerated() {
      #expect(words[0] == "the" && words.count >= 3, "\(words)")
      if let near = words.firstIndex(of: "near") { kinds[words[near - 1], default: []].insert(data.label(of: id)!) }
    }
    #expect(kinds.count > 30 && kinds.values.allSatisfy { $0.count == 1 }, "\(kinds)")
    #expect(Set(sentences).count > 560)
    let error = dataError { _ = try generate(Scratch()) { $0.process = .grammar } }
    #expect(error?.description.contains("4 classes cannot be generated of a grammar") == true)
  }

  @Test func classesDifferInOrderAndNotInValues() throws {
    let scratch = Scratch()
    let data = try generate(scratch) {
      $0.sequences = 120
      $0.lengths = 1000...1500
      $0.unlabelled = 0
    }
    var histograms = Array(repeating: Array(repeating: 0.0, count: 41), count: 4)
    var features: [(label: Int, steps: [Double])] = []
    for id in 0..<data.count {
      let label = try #require(data.label(of: id))
      let values = try data.array(id)
      for value in values { histograms[label][Int(value)] += 1 }
      features.append((label, speedChanges(values)))
    }
    for label in 0..<4 {
      let total = histograms[label].reduce(0, +)
      for value in 0..<41 {
        let share = histograms[label][value] / total * 41
        #expect(abs(share - 1) < 0.15, "class \(label) has value \(value) \(share) times as often as a uniform draw")
      }
    }
    // The nearest mean of speed changes tells the class; half of the sequences make the means, half are told.
    var means = Array(repeating: Array(repeating: 0.0, count: 25), count: 4)
    for (label, steps) in features[..<60] { for index in 0..<25 { means[label][index] += steps[index] / 15 } }
    var right = 0
    for (label, steps) in features[60...] {
      func distance(_ mean: [Double]) -> Double { zip(mean, steps).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      if (0..<4).min(by: { distance(means[$0]) < distance(means[$1]) }) == label { right += 1 }
    }
    #expect(right >= 54, "\(right) of 60 sequences were told by the order of their speeds")
  }

  /// How often each of five speeds is followed by each, 10 timesteps later, as shares of all.
  private func speedChanges(_ values: [Float]) -> [Double] {
    let speeds = stride(from: 0, to: values.count - 5, by: 1).map { start in
      let travelled = (0..<4).reduce(Float(0)) { $0 + abs(values[start + $1 + 1] - values[start + $1]) } / 4
      return [0, 1.1, 2.4, 5.5, 11].lastIndex { travelled >= $0 } ?? 0
    }
    var steps = Array(repeating: 0.0, count: 25)
    let count = Double(speeds.count - 10)
    for index in 0..<speeds.count - 10 { steps[speeds[index] * 5 + speeds[index + 10]] += 1 / count }
    return steps
  }

  @Test func manyClassesHaveDistinctOrders() throws {
    let scratch = Scratch()
    let data = try generate(scratch) {
      $0.sequences = 40
      $0.classes = 20
      $0.lengths = 5...9
    }
    #expect(data.classes.count == 20)
  }

  @Test func impossibleSettingsAreRefused() throws {
    let scratch = Scratch()
    let changes: [(inout DatasetGenerator) -> Void] = [
      { $0.sequences = 0 }, { $0.classes = 0 }, { $0.classes = 101 }, { $0.lengths = 0...5 }, { $0.unlabelled = 1.5 },
      { $0.test = 0.95 },
    ]
    for change in changes { #expect(dataError { _ = try generate(scratch, change) }?.exitCode == 64) }
    _ = try scratch.write("x", to: "set/file")
    #expect(dataError { _ = try generate(scratch) { _ in } }?.exitCode == 64)
  }
}
