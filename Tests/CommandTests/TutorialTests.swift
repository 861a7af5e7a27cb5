import Foundation
import TestSupport
import Testing

extension Trainings {
  /// What stands in `docs/tutorials` can be done as it stands there.
  @Suite struct TutorialTests {
    @Test(arguments: ["wav-to-classifier", "numpy", "cluster"]) func everyCommandRuns(page: String) throws {
      let folder = Workplace.place(page)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let code = try DocumentedCode(page: "tutorials/\(page).md")
      try #require(code.texts("sh").count >= 3 && code.texts("text").count >= 3)
      try code.perform(in: folder)
    }

    @Test func linesAreComparedWordByWord() {
      #expect(DocumentedCode.shows("accuracy 0.94  loss …", "accuracy 0.93 loss 2.1, so"))
      #expect(DocumentedCode.shows("step …", "step"))
      #expect(!DocumentedCode.shows("accuracy 0.94", "accuracy 0.64"))
      #expect(!DocumentedCode.shows("accuracy 0.94", "accuracy 0.94 %"))
      #expect(!DocumentedCode.shows("accuracy 0.94 %", "accuracy 0.94"))
    }
  }
}
