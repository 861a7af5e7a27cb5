import Foundation
import TestSupport
import Testing

extension Trainings {
  /// `lockstep report`: what stands on the page, of runs that are whole and of runs that are not.
  @Suite struct ReportTests {
    /// The page of some runs.
    private func page(
      _ runs: [String], _ more: String = "", ranks: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
      let out = Workplace.place("report.html")
      try lockstep(
        "report \(runs.joined(separator: " ")) --out \(out) \(more)", ranks: ranks, sourceLocation: sourceLocation)
      let html = try text(out)
      #expect(html.components(separatedBy: "<script").count == 2, sourceLocation: sourceLocation)
      #expect(
        !html.contains("http:") && !html.contains("https:") && !html.contains("src="), sourceLocation: sourceLocation)
      #expect(html.contains("default-src 'none'".replacing("'", with: "&#39;")), sourceLocation: sourceLocation)
      return html
    }

    @Test func aClassifiersPageTellsWhatEvaluateTells() throws {
      let (data, run) = (try Experiment.generated.get(), try Experiment.classifiedReference.get())
      let json = Workplace.place("report.json")
      try lockstep("evaluate --model \(run.path) --data \(data) --json \(json)")
      struct Told: Decodable { var accuracy: Double, sequences: Int, confusion: [[Int]] }
      let told = try JSONDecoder().decode(Told.self, from: bytes(json))
      let html = try page([run.path], "--data \(data)")
      #expect(html.contains("accuracy \(String(format: "%.1f", 100 * told.accuracy)) %"))
      let cells = told.confusion.enumerated().flatMap { row, line in
        line.enumerated().filter { $0.element > 0 }.map { "\(row) \($0.offset) \($0.element)" }
      }
      #expect(html.contains("data-cells=\"\(cells.joined(separator: ","))\""))
      for id in [
        "loss", "accuracy", "gradient-norm", "timesteps", "exposed", "peak", "confusion", "embeddings", "lengths",
      ] {
        #expect(html.contains("<figure id=\"\(id)\"") || html.contains("<figure class=\"wide\" id=\"\(id)\""), "\(id)")
      }
      #expect(html.contains("its model would tell"))
      #expect(try page([run.path], "--data \(data)", ranks: 2) == html, "on two ranks another page")
      #expect(try page([run.path]).contains("they need the data set"))
    }

    @Test func aPretrainingsPageShowsWhatWasHidden() throws {
      let (data, run) = (try Experiment.generated.get(), try Experiment.maskedReference.get())
      let html = try page([run.path], "--data \(data) --split train")
      #expect(html.contains("Shaded: hidden from the model"))
      #expect(html.contains("Told rightly: "))
      #expect(html.contains("has no head that tells classes"))
    }

    @Test func aStrangeRunGetsAPageThatSaysSo() throws {
      let (data, run) = (try Experiment.generated.get(), try Experiment.classifiedReference.get())
      let damaged = TrainedRun(path: try Workplace.copy(run.path))
      let best = try #require(damaged.step(of: "best"))
      try flipBit(damaged.checkpoint(best) + "/model.safetensors", at: -5)
      #expect(try page([damaged.path], "--data \(data)").contains("the model cannot be tried: "))
      try FileManager.default.removeItem(atPath: damaged.path + "/checkpoints")
      try FileManager.default.removeItem(atPath: damaged.path + "/encoder")
      let without = try page([damaged.path], "--data \(data)")
      #expect(without.contains("has no checkpoint yet") && without.contains("the model cannot be tried: "))
      try FileManager.default.removeItem(atPath: damaged.path + "/recipe.yaml")
      #expect(try page([damaged.path], "--data \(data)").contains("recipe.yaml is not there"))
      try refused("report \(data) --out \(Workplace.place("x.html"))", code: 66, saying: "is no run", "--out folder")
      try refused("report \(run.path) --out /nonexistent/x.html", code: 66, saying: "make it first")
      try refused("report \(run.path) --out x.html --split test", code: 64, saying: "--data DIR")
    }

    @Test func runsAreComparedByTheShareOfLabels() throws {
      let experiment = try Experiment.classified.get()
      let few = ["--set", "training.steps=4"]
      let half = try experiment.run(few + ["--label-fraction", "0.5"])
      let all = try experiment.run(few)
      let html = try page([half.path, all.path], "--data \(try Experiment.generated.get())")
      let log = try text(half.path + "/logs/attempt-00000001.log")
      let told = try #require(log.firstMatch(of: /labels: ([0-9]+) of ([0-9]+) sequences/))
      #expect(html.contains("\(told.1) of \(told.2)") && html.contains("\(told.2) of \(told.2)"))
      #expect(html.contains("<figure id=\"label-fraction\""))
    }

    /// In a browser, with a network and without (`launch/test --long`).
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ),
      arguments: [[], ["unshare", "--map-root-user", "--net"]])
    func aBrowserShowsThePage(wrapper: [String]) throws {
      let data = try Experiment.generated.get()
      let pages = [
        [try Experiment.classifiedReference.get().path], [try Experiment.maskedReference.get().path],
        [try Experiment.classifiedReference.get().path, try Experiment.maskedReference.get().path],
      ]
      let driver = MPIRun.repository.appendingPathComponent("Tests/Browser/drive-report.py").path
      for runs in pages {
        let out = Workplace.place("report.html")
        try lockstep("report \(runs.joined(separator: " ")) --data \(data) --out \(out)")
        let result = try MPIRun.startAlone(command: wrapper + ["python3", driver, out], timeoutSeconds: 120).wait()
        #expect(result.code == 0, "\(wrapper) \(runs): \(result.summary)")
      }
    }
  }
}
