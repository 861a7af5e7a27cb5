import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Arguments that would have been passed over in silence.
  @Suite struct HelpfulUsageTests {
    @Test func optionsOfAnotherFormatAreRefused() throws {
      let source = try Workplace.file("source.jsonl", "{\"values\":[1]}\n")
      let out = Workplace.place("out")
      for option in ["--row sequence", "--delimiter ;", "--label-column=-1", "--ignore-column a"] {
        try refused(
          "data import \(source) \(out) --format jsonl \(option)", code: 64,
          saying: "\(option.split(whereSeparator: { " =".contains($0) })[0]) is for --format csv; jsonl has no columns")
      }
      try refused(
        "data import \(source) \(out) --format jsonl --mixed-sample-rates", code: 64, saying: "is for --format wav")
      for (options, words) in [
        ("--format jsonl --timestep value", "--timestep is for --format idx"),
        ("--format idx --timestep column", "--timestep column: expected row or value"),
        ("--format idx --test-labels x", "name it with --test"), ("--format idx --row vector", "is for --format csv"),
        ("--format jsonl --step 3", "give --window"),
        ("--format csv --row wide", "expected timestep, sequence or vector"),
        ("--format csv --symbolic-column 0", "columns are counted from 1"),
      ] {
        try refused("data import \(source) \(out) \(options)", code: 64, saying: words)
      }
      try refused(
        "data import \(source) \(out) --format csv --label-column 0", code: 64, saying: "columns are counted from 1")
      #expect(!exists(out))
    }

    @Test func emptyPathsAndUnknownWordsAreRefused() throws {
      let experiment = try Experiment.masked.get()
      let recipe = try experiment.recipe
      try refused("pretrain \(recipe) --data \(experiment.data) --out", [""], code: 64, saying: "--out is empty")
      try refused("pretrain \(recipe) --out x --data", [""], code: 64, saying: "--data is empty")
      try refused("evaluate --model x --data", [""], code: 64, saying: "--data is empty")
      try refused("data generate", [""], code: 64, saying: "OUT is empty")
      try refused("help data exprot", code: 64, saying: "there is no command data exprot", "import")
      #expect(try lockstep("help data import").output.contains("--label-column=-1"))
    }

    @Test func controlCharactersOfNamesAreShownNotObeyed() throws {
      let said = try refused("data inspect", ["no\u{1B}[31mwhere"], code: 66, saying: "no\\u{1b}[31mwhere")
      #expect(!said.errors.contains("\u{1B}"), "\(said.errors)")
    }

    @Test func arraysOfAnotherTypeNameTheRemedy() throws {
      var made = PlainDataset.waves(lengths: [20, 30, 40])
      made.labels = [0, 1, 2]
      let data = try made.write()
      let place = URL(fileURLWithPath: data + "/labels-00000.npy")
      try PlainDataset.npy("<i8", [3], PlainDataset.data([0, 1, 2])).write(to: place)
      try refused("data inspect \(data)", code: 65)
      #expect(try lockstep("data inspect \(data)", expecting: 65).output.contains("(in NumPy .astype(np.int32))"))
      try PlainDataset.npy("<u2", [3], PlainDataset.data([0, 1, 2] as [UInt16])).write(to: place)
      #expect(try lockstep("data inspect \(data)", expecting: 65).output.contains("(in NumPy .astype(np.int32))"))
    }
  }
}
