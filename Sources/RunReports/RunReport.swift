import ArrayFiles
import FoundationEssentials
import SequenceData
import Training

/// `lockstep report`: runs as one HTML page that needs nothing beside itself.
public struct RunReport: Sendable {
  /// Folders of the runs.
  public var runs: [String]
  /// Folder of a data set that models are tried on, if any.
  public var data: String?
  /// The split that models are tried on; nil: the first of test, validation and train that has what is needed.
  public var split: Split?
  /// Which checkpoint of each run; nil: the best, else the latest.
  public var checkpoint: String?
  /// Compute threads.
  public var threads = 1

  /// Sequences whose embeddings are drawn.
  private static let mostEmbedded = 1000
  /// Sequences that are drawn with what was hidden.
  private static let restored = 4

  /// A report of runs.
  public init(_ runs: [String]) { self.runs = runs }

  /// Reads the runs, and tries their models where there is a data set; the page as HTML.
  ///
  /// What a run lacks, or has damaged, is said on the page. For one rank.
  /// - Throws: `missing` (66) where one of `runs` is no run; `DataError` where the data set cannot be read.
  /// Complexity: O(bytes of metrics), about 3 µs a step, and the evaluation.
  public func html() throws -> String {
    let now = Date.now
    var stories = try runs.map { try RunStory($0, now: now) }
    // Runs of one name are told apart by their paths.
    let names = stories.map(\.name)
    for index in stories.indices where names.count(where: { $0 == names[index] }) > 1 {
      stories[index].name = runs[index]
    }
    let dataset = try data.map { try SequenceDataset(at: $0) }
    let examinations = stories.map { examine($0) }
    return
      (stories.count == 1
      ? single(stories[0], dataset, examinations[0]) : several(stories, examinations)).html
  }

  private func examine(_ run: RunStory) -> Result<ModelExamination, PageError>? {
    guard let data else { return nil }
    var command = ModelCommand(model: run.path, checkpoint: checkpoint, data: data, split: split)
    command.threads = threads
    do {
      return .success(
        try command.examine(
          mostEmbedded: runs.count == 1 ? RunReport.mostEmbedded : 0,
          restored: runs.count == 1 ? RunReport.restored : 0))
    } catch {
      return .failure(PageError(sentence: "the model cannot be tried: \(error)"))
    }
  }

  private func single(
    _ run: RunStory, _ dataset: SequenceDataset?, _ examined: Result<ModelExamination, PageError>?
  ) -> Page {
    let examination = try? examined?.get()
    let training = TrainingSections(runs: [run])
    var sections = [
      OverviewSection(run: run, examination: examination).section, training.learning, training.speed, training.balance,
      training.memory,
    ]
    if let dataset {
      if let examination {
        let model = ModelSections(run: run, dataset: dataset, examination: examination)
        sections += [model.classes, model.hidden, model.map]
      } else if case .failure(let error)? = examined {
        sections.append(
          Page.Section(id: "model", title: "The model", content: Page.notice("Left out: \(error.sentence)")))
      }
      sections.append(LengthSection(dataset: dataset).section)
    } else {
      sections.append(
        Page.Section(
          id: "model", title: "The model",
          content: element("p") {
            "Confusion matrix, map of embeddings, hidden spans and lengths of sequences are left out: they need the data set. Give "
            element("code") { "--data DIR" }
            "."
          }))
    }
    return Page(
      title: "Run \(run.name)", lead: element("p", ["class": "lead"]) { lead(of: run) }.followed(by: howToRead),
      sections: sections,
      footer: footer)
  }

  private func lead(of run: RunStory) -> String {
    let what = [run.command, run.objective.map { "objective \($0)" }, run.encoder.map { "encoder \($0)" }]
    let words = what.compactMap(\.self).joined(separator: ", ")
    let time = run.status?.updated.map { " As of \($0)." } ?? ""
    return "\(words.isEmpty ? "" : words + ". ")\(run.path).\(time)"
  }

  private func several(_ runs: [RunStory], _ examinations: [Result<ModelExamination, PageError>?]) -> Page {
    let comparison = ComparisonSection(runs: runs, examinations: examinations)
    let training = TrainingSections(runs: runs)
    let sections = [
      comparison.section, comparison.labels, training.learning, training.speed, training.balance, training.memory,
    ]
    return Page(
      title: NumberText.counted(runs.count, "run") + " compared",
      lead: element("p", ["class": "lead"]) {
        "Runs keep their colour, dashes and marker in all curves. A page of one run alone shows its classes, embeddings and hidden spans."
      }.followed(by: howToRead), sections: sections.compactMap(\.self), footer: footer)
  }

  private var howToRead: Markup {
    element("p", ["class": "lead"]) {
      "Point at a plot for its values, or go to it with Tab and move with the arrow keys, Page Up and Down, Home and End."
    }
  }

  private var footer: Markup {
    element("p") { "Made by lockstep report. The page holds all it shows and fetches nothing." }
  }
}
