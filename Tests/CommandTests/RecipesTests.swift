import TestSupport
import Testing

extension Trainings {
  /// Every recipe of `launch/recipes`, with its own encoder and objective, gives the same bits on any number of ranks.
  @Suite struct RecipesTests {
    @Test(arguments: try ShippedRecipe.names) func sameBits(name: String) throws {
      let recipe = try ShippedRecipe(name)
      let fitting = try #require(
        FittingData.all.first { $0.recipes.contains(name) },
        "launch/recipes/\(name) is trained by no test: add it to FittingData.all, with data of the kind that it is for")
      let data = try fitting.write()
      // Side by side: most of such a short job is starting it.
      let jobs = try (1...3).map { ranks in
        let run = TrainedRun(path: Workplace.place("\(ranks)-ranks"))
        return (ranks: ranks, run: run, job: try recipe.start(ranks: ranks, data: data, into: run))
      }
      for (ranks, _, job) in jobs {
        let result = job.wait()
        try #require(result.code == 0, "\(name) on \(ranks) ranks: \(result.summary)")
      }
      let alone = jobs[0].run
      try recipe.expectWhatItPromises(alone)
      for (ranks, run, _) in jobs.dropFirst() {
        try run.expectSameBits(as: alone, at: recipe.steps, "\(name) on \(ranks) ranks")
        for row in try run.steps {
          let least = row.leastTimestepsOfRank ?? 0
          #expect(least > 0, "\(name), step \(row.step): one of \(ranks) ranks had nothing to do")
        }
        for file in ["encoder.safetensors", "config.json"] {
          let difference = try firstDifference("\(run.path)/encoder/\(file)", "\(alone.path)/encoder/\(file)")
          #expect(difference == nil, "\(name) on \(ranks) ranks, encoder/\(file)")
        }
      }
    }

    @Test func dataIsNamedForRecipesThatThereAre() throws {
      let fitted = FittingData.all.flatMap(\.recipes)
      #expect(fitted.sorted() == (try ShippedRecipe.names), "launch/recipes, and FittingData.all")
    }
  }
}
