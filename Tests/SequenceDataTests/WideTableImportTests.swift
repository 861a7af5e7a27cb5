import Foundation
import SequenceData
import Testing

/// Tables of one timestep a row, with columns of words.
@Suite struct WideTableImportTests {
  private let rows = "1,tcp,2.5,a,train\n2,udp,3,b,train\n3,icmp,4,a,test\n4,\"u,d\",5,b,validation\n5,tcp,6,a,train\n"

  private func options(_ options: inout ImportOptions) {
    options.csv.row = .vector
    options.csv.labelColumn = "4"
    options.csv.splitColumn = "-1"
    options.csv.symbolicColumns = ["2"]
  }

  @Test func wordsBecomeOneFeatureForEachThatTrainingHasAndOneForOthers() throws {
    let importing = Importing()
    let source = try importing.scratch.write(rows, to: "x.csv")
    let data = try importing.run(.csv, source, options)
    #expect(data.count == 5 && data.features == 5 && data.length(of: 3) == 1)
    let expected: [[Float]] = [
      [1, 1, 0, 0, 2.5], [2, 0, 1, 0, 3], [3, 0, 0, 1, 4], [4, 0, 0, 1, 5], [5, 1, 0, 0, 6],
    ]
    #expect(try (0..<5).map(data.array) == expected)
    #expect(data.labelNames == ["a", "b", "a", "b", "a"] && data.split(of: 2) == .test)
    let manifest = try String(contentsOfFile: importing.output + "/dataset.json", encoding: .utf8)
    let words = manifest.filter { !$0.isWhitespace }
    #expect(
      words.contains(#""columns":[{"name":"1"},{"levels":["tcp","udp"],"name":"2"},{"name":"3"}]"#), "\(manifest)")
    #expect(try DatasetInspection(at: importing.output).defectCount == 0)
    try SequenceDataset.seal(at: importing.output)
    #expect(try SequenceDataset(at: importing.output).features == 5)

    // Another table is read by the same levels.
    let other = Importing()
    let second = try other.run(.csv, other.scratch.write("9,sctp,1,b,train\n8,udp,1,a,train\n", to: "y.csv")) {
      options(&$0)
      $0.csv.levelsOf = importing.output
    }
    #expect(try (0..<2).map(second.array) == [[9, 0, 0, 1, 1], [8, 0, 1, 0, 1]])
  }

  @Test func rowsOfTimestepsHaveSymbolsToo() throws {
    let importing = Importing()
    let text = "id,state,x\ns,on,1\ns,off,2\nt,on,3\n"
    let data = try importing.run(.csv, importing.scratch.write(text, to: "x.csv")) {
      $0.csv.sequenceColumn = "id"
      $0.csv.symbolicColumns = ["state"]
    }
    #expect(data.features == 4 && data.count == 2)
    #expect(try data.array(0) == [0, 1, 0, 1, 1, 0, 0, 2])
  }

  @Test func drawnSplitsAreThoseWithoutSymbols() throws {
    let text = (0..<40).map { "\($0),w\($0 % 7),\($0 % 2)\n" }.joined()
    func splits(symbolic: Bool) throws -> ([Split], [Float]) {
      let importing = Importing()
      let data = try importing.run(.csv, importing.scratch.write(text, to: "x.csv")) {
        $0.csv.row = .vector
        $0.csv.labelColumn = "3"
        $0.testFraction = 0.2
        $0.validation = 0.1
        if symbolic { $0.csv.symbolicColumns = ["2"] } else { $0.csv.ignoredColumns = ["2"] }
      }
      return ((0..<40).map(data.split), try (0..<40).map { try data.array($0)[0] })
    }
    let (plain, symbolic) = (try splits(symbolic: false), try splits(symbolic: true))
    #expect(plain == symbolic && plain.0.contains(.test) && plain.0.contains(.validation))
  }

  @Test func whatCannotBeIsRefused() throws {
    func sentence(_ text: String, _ change: (inout ImportOptions) throws -> Void = { _ in }) throws -> String {
      try Importing().sentence(.csv, text) {
        options(&$0)
        try change(&$0)
      }
    }
    #expect(try sentence("1,tcp,x,a,train\n") == "source, line 1: column 3: \"x\" is no finite number")
    #expect(try sentence("1,tcp,2,a,train\n1,tcp,2,a\n").contains("line 2: 4 fields; expected 5"))
    #expect(try sentence(rows) { $0.csv.row = .sequence }.contains("rows that are sequences do not have"))
    #expect(try sentence(rows) { $0.categories = 3 }.contains("symbolic columns become reals"))
    #expect(
      try sentence(rows) { $0.csv.symbolicColumns = ["4"] }.contains("column 4 is called symbolic, but holds no values")
    )
    #expect(try sentence(rows) { $0.csv.symbolicColumns = ["2", "2"] }.contains("called symbolic twice"))
    #expect(try sentence(rows) { $0.csv.symbolicColumns = ["9"] }.contains("there is no column \"9\""))
    #expect(
      try sentence(rows) {
        $0.csv.levelsOf = "here"
        $0.csv.symbolicColumns = []
      }.contains("no column is called symbolic"))
    let plain = Importing()
    _ = try plain.run(.jsonl, plain.scratch.write(#"{"values":[1]}"#, to: "x"))
    #expect(try sentence(rows) { $0.csv.levelsOf = plain.output }.contains("names no levels"))
    let importing = Importing()
    _ = try importing.run(.csv, importing.scratch.write(rows, to: "x.csv"), options)
    #expect(
      try sentence("tcp,1,a,train\n") {
        $0.csv.levelsOf = importing.output
        $0.csv.labelColumn = "3"
        $0.csv.symbolicColumns = ["1"]
      }.contains("line 1: its value columns are not those that the levels are of: number 1 differs"))
  }

  @Test(arguments: [
    (#""columns":[{"name":"x","levls":[]}]"#, "columns.[0].levls: unknown key; did you mean 'levels'?"),
    (#""columns":[{"name":"x","levels":["a"]}]"#, "columns make 2 features; features is 1"),
  ])
  func columnsOfAManifestAreChecked(key: String, expected: String) throws {
    let scratch = Scratch()
    let start = #"{"format":"lockstep-dataset","version":1,"features":1,"values":{"kind":"reals"},"#
    _ = try scratch.write(
      start + #""shards":[{"values":"v.npy","offsets":"o.npy"}],"# + key + "}", to: "set/dataset.json")
    let error = dataError { _ = try SequenceDataset(at: scratch.file("set")) }
    #expect(error?.exitCode == 65 && error?.description.contains(expected) == true, "\(error as Any)")
  }

  @Test func onlySomeClasses() throws {
    let importing = Importing()
    var left = 0
    var made = ImportOptions(format: .csv)
    options(&made)
    (made.validation, made.testFraction) = (0, 0)
    made.onlyClasses = ["b"]
    left = try DatasetImporter.run(
      source: importing.scratch.write(rows, to: "x.csv"), output: importing.output, options: made
    ).otherClasses
    let data = try SequenceDataset(at: importing.output)
    #expect(left == 3 && data.classes == ["b"] && data.count == 2)
    // udp is all that training has.
    #expect(try data.array(0) == [2, 1, 0, 3] && data.array(1) == [4, 0, 1, 5])
  }
}
