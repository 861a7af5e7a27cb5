import Foundation
import SequenceData
import Testing

/// Imports a source that a test writes, and opens what came of it.
struct Importing {
  let scratch = Scratch()
  var output: String { scratch.file("set") }

  func run(
    _ format: ImportOptions.Format, _ source: String, _ change: (inout ImportOptions) throws -> Void = { _ in }
  ) throws -> SequenceDataset {
    var options = ImportOptions(format: format)
    options.validation = 0
    options.testFraction = 0
    try change(&options)
    var last = 0
    let summary = try DatasetImporter.run(source: source, output: output, options: options) { last = $0.sequences }
    let data = try SequenceDataset(at: output)
    #expect(summary.sequences == data.count && last == data.count && summary.timesteps == data.timesteps)
    return data
  }

  /// What is said when a text is imported, without its folder; nothing may be left.
  func sentence(
    _ format: ImportOptions.Format, _ text: String, _ change: (inout ImportOptions) throws -> Void = { _ in }
  ) throws -> String {
    let source = try scratch.write(text, to: "source")
    let error = dataError { _ = try run(format, source, change) }
    #expect(!FileManager.default.fileExists(atPath: output))
    guard let error else { return "no error" }
    return error.description.replacingOccurrences(of: scratch.path + "/", with: "")
  }
}

extension SequenceDataset {
  /// The names of the sequences' classes, "-" for none.
  var labelNames: [String] { (0..<count).map { label(of: $0).map { classes[$0] } ?? "-" } }
}

@Suite struct TSImportTests {
  private let header = "\u{FEFF}# text\n@problemName x\n@timeStamps false\n@equalLength false\n"

  @Test func casesOfSeveralChannelsAndLengths() throws {
    let importing = Importing()
    let source = try importing.scratch.write(
      header + "@univariate false\r\n@dimensions 2\n@CLASSLABEL true Banana apple 10\n@DATA\n"
        + "1,-2.5,3e1:4,5,6:apple\n\n7:8:Banana\n.5, 1. :+2,-3:?\n", to: "x.ts")
    let data = try importing.run(.ts, source)
    #expect(data.features == 2 && data.classes == ["Banana", "apple", "10"])
    #expect(try (0..<3).map(data.array) == [[1, 4, -2.5, 5, 30, 6], [7, 8], [0.5, 2, 1, -3]])
    #expect(data.labelNames == ["apple", "Banana", "-"])
  }

  @Test(arguments: [
    ("1,?,3:a\n", "line 6: channel 0, timestep 1: the value is missing (?); fill gaps before importing"),
    ("1,2:a\nNaN:a\n", "line 7: channel 0, timestep 0: the value is missing (nan); fill gaps before importing"),
    ("1,x:a\n", "line 6: channel 0, timestep 1: \"x\" is no finite number"),
    ("1,,2:a\n", "line 6: channel 0, timestep 1: \"\" is no finite number"),
    ("1,1e39:a\n", "line 6: channel 0, timestep 1: \"1e39\" is no finite number"),
    ("1,2:b\n", "line 6: the class \"b\" is not one that @classLabel names"),
    ("1,2\n", "line 6: there is no :class at the end"),
    ("1:2:a\n1:a\n", "line 7: 1 channels; expected 2"),
    ("1,2:2:a\n", "line 6: channel 1 has 1 timesteps, channel 0 has 2"),
    ("(1,2),(2,3):a\n", "line 6: time stamps are not read; resample the data to equal steps first"),
    (":a\n", "line 6: channel 0, timestep 0: \"\" is no finite number"),
  ])
  func badCasesAreNamedByLine(data: String, expected: String) throws {
    let text = "@problemName x\n@timeStamps false\n@univariate false\n@classLabel true a\n@data\n" + data
    #expect(try Importing().sentence(.ts, text) == "source, " + expected)
  }

  @Test func badHeaders() throws {
    let importing = Importing()
    #expect(try importing.sentence(.ts, "[").contains("line 1: a case before @data, or not a .ts file: \"[\""))
    #expect(try importing.sentence(.ts, "@timestamps true\n@data\n").contains("line 1: time stamps"))
    #expect(try importing.sentence(.ts, "@dimensions 99999999999\n").contains("no number of channels"))
    #expect(try importing.sentence(.ts, "# only\n").contains("the file ends before @data"))
    #expect(try importing.sentence(.ts, "@data\n") == "source: there is no sequence in it")
    #expect(try importing.sentence(.ts, "").contains("before @data"))
  }

  @Test func aSecondSourceIsTheTestSplit() throws {
    let importing = Importing()
    let text = "@classLabel true a b\n@data\n1,2:a\n1,2,3:b\n"
    let (one, two) = (try importing.scratch.write(text, to: "1.ts"), try importing.scratch.write(text, to: "2.ts"))
    let data = try importing.run(.ts, one) { $0.testSource = two }
    #expect((0..<4).map(data.split) == [.train, .train, .test, .test])
  }
}

@Suite struct CSVImportTests {
  @Test func aRowATimestep() throws {
    let importing = Importing()
    let source = try importing.scratch.write(
      "id,x,\"y, really\",class,who,part\n7,1,2,b,u,train\n7,3,4,b,u,train\n\n8,5,\"6\",,v,test\n", to: "x.csv")
    let data = try importing.run(.csv, source) {
      $0.csv.sequenceColumn = "id"
      $0.csv.labelColumn = "class"
      $0.csv.groupColumn = "-2"
      $0.csv.splitColumn = "part"
    }
    #expect(data.features == 2 && data.labelNames == ["b", "-"])
    #expect(try (0..<2).map(data.array) == [[1, 2, 3, 4], [5, 6]])
    #expect((0..<2).map(data.group) == [0, 1] && (0..<2).map(data.split) == [.train, .test])
  }

  @Test func aRowASequence() throws {
    let importing = Importing()
    let source = try importing.scratch.write("a10;1;2;3\na2;4;;\na10;5;6\n", to: "x.csv")
    let data = try importing.run(.csv, source) {
      $0.csv.row = .sequence
      $0.csv.labelColumn = "1"
      $0.csv.delimiter = ";"
    }
    #expect(data.classes == ["a2", "a10"] && data.labelNames == ["a10", "a2", "a10"])
    #expect(try (0..<3).map(data.array) == [[1, 2, 3], [4], [5, 6]])
  }

  @Test func aFileASequence() throws {
    let importing = Importing()
    _ = try importing.scratch.write("x,y\n1,2\n3,4\n", to: "in/up/10.csv")
    _ = try importing.scratch.write("x,y\n5,6\n", to: "in/down/9.csv")
    let data = try importing.run(.csv, importing.scratch.file("in")) {
      $0.naming.classFromFolder = true
      $0.csv.valueColumns = ["y", "x"]
    }
    #expect(try (0..<2).map(data.array) == [[6, 5], [2, 1, 4, 3]])
    #expect(data.labelNames == ["down", "up"])
  }

  @Test func badTablesAreNamedByLine() throws {
    func sentence(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) throws -> String {
      try Importing().sentence(.csv, text) {
        $0.csv.sequenceColumn = "id"
        change(&$0.csv)
      }
    }
    #expect(try sentence("id,x\n1,2\n1\n") == "source, line 3: 1 fields; expected 2")
    #expect(try sentence("id,x\n1,nan\n") == "source, line 2: column 2: \"nan\" is no finite number")
    #expect(try sentence("id,x\n1,\n") == "source, line 2: column 2: the value is missing")
    #expect(try sentence("id,x\n1,\"2\n") == "source, line 2: a quote is not closed")
    #expect(try sentence("a,x\n1,2\n") == "source, line 1: there is no column \"id\"; there are a, x")
    #expect(try sentence("id,x\n1,2\n2,2\n1,3\n").hasPrefix("source, line 4: the rows of sequence \"1\" do not follow"))
    #expect(
      try sentence("id,x,c\n1,2,a\n1,2,b\n") { $0.labelColumn = "c" }.hasPrefix("source, line 3: class, group or split")
    )
    #expect(try sentence("id,s,x\n1,q,2\n") { $0.splitColumn = "s" }.contains("line 2: the split is \"q\""))
    #expect(try sentence("id,x\n") == "source: there is no sequence in it")
    #expect(try sentence("id\n1\n") == "source, line 1: no column is left for values")
    #expect(try sentence("id,x\n1,2\n") { $0.delimiter = "→" }.contains("cannot stand between fields"))
  }
}

@Suite struct JSONLinesImportTests {
  @Test func objectsOfBothForms() throws {
    let importing = Importing()
    let source = try importing.scratch.write(
      #"{"values": [[1, 2], [3.5e0, -4]], "label": "b\u00e9\ud83d\ude00", "split": "validation", "name": "first"}"#
        + "\r\n" + #"{"label":7,"group":"g","values":[[5,6]]}"# + "\n\n" + #"{"label":null,"values":[[7,8]]}"#,
      to: "x.jsonl")
    let data = try importing.run(.jsonl, source)
    #expect(data.features == 2 && data.classes == ["7", "bé😀"] && data.labelNames == ["bé😀", "7", "-"])
    #expect(try (0..<3).map(data.array) == [[1, 2, 3.5, -4], [5, 6], [7, 8]])
    #expect(data.split(of: 0) == .validation && data.group(of: 1) == 0 && data.group(of: 2) == nil)
    let flat = Importing()
    let categories = try flat.run(.jsonl, flat.scratch.write(#"{"values":[0,2,1]}"#, to: "y")) { $0.categories = 3 }
    #expect(categories.values == .categories(count: 3))
    #expect(try categories.array(0) == [0, 2, 1])
  }

  @Test(arguments: [
    ("[", "line 1: column 1: expected {"), ("{", "line 1: column 2: the line ends before \""),
    ("{}", "line 1: column 3: the object has no values"),
    (#"{"values":[1,"#, "line 1: column 14: expected a finite number"),
    (#"{"values":[1,NaN]}"#, "line 1: column 14: expected a finite number"),
    (#"{"values":[1e999]}"#, "line 1: column 12: expected a finite number"),
    (#"{"values":[[1],[2,3]]}"#, "line 1: column 16: a timestep of 2 features; the first has 1"),
    (#"{"values":[[]]}"#, "line 1: column 12: a timestep without features"),
    (#"{"values":[]}"#, "line 1: the sequence is empty"),
    (#"{"values":[1]} x"#, "line 1: column 16: something follows the object"),
    (#"{"values":[1],"values":[1]}"#, "line 1: column 15: the key \"values\" comes twice"),
    (#"{"values":[1],"lable":"a"}"#, "line 1: column 15: unknown key \"lable\"; did you mean \"label\"?"),
    (
      #"{"x":[[1]],"values":[1]}"#,
      "line 1: column 2: unknown key \"x\"; known are values, label, group, split, name, id"
    ),
    (#"{"values":[1],"label":true}"#, "line 1: column 23: expected a string, a number or null"),
    (#"{"values":[1],"split":"x"}"#, "line 1: column 23: the split is \"x\"; expected train, validation or test"),
    (#"{"label":"\ud800","values":[1]}"#, "line 1: column 17: half a surrogate pair"),
    (#"{"label":"\u+1ab","values":[1]}"#, "line 1: column 13: \\u needs four hexadecimal digits"),
    ("{\"values\":[1]}\n{\"values\":[[1,2]]}", "line 2: 2 features; those before have 1"),
  ])
  func badLinesAreNamedByColumn(text: String, expected: String) throws {
    #expect(try Importing().sentence(.jsonl, text) == "source, " + expected)
  }

  @Test func deepNestingAndCategoriesOutOfRange() throws {
    let deep = #"{"values":"# + String(repeating: "[", count: 100_000)
    #expect(try Importing().sentence(.jsonl, deep).contains("expected a finite number"))
    #expect(
      try Importing().sentence(.jsonl, #"{"values":[0,41]}"#) { $0.categories = 41 }
        == "source, line 1: timestep 1, feature 0: the value is 41; expected a category, an integer in 0..<41")
    #expect(
      try Importing().sentence(.jsonl, #"{"values":[0.5]}"#) { $0.categories = 41 }.contains("the value is 0.5"))
  }
}
