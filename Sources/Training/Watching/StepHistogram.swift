import ArrayFiles
import Networks

/// How a parameter's elements, and those of its gradient, are distributed after a step.
struct StepHistogram {
  /// The parameter's path in the state dict.
  let name: String
  /// nil where no element is finite.
  let weights, gradient: TensorBoardHistogram?
}

extension StepRunner {
  /// The weights after the last step, and the mean gradient that it went by, before clipping.
  ///
  /// Complexity: two passes over weights and gradients, about 10 ns a parameter.
  func histograms() -> [StepHistogram] {
    let trained = lastTrained
    return model.store.values.withUnsafeBufferPointer { values in
      trained.parameters.map { parameter in
        let gradient = UnsafeBufferPointer(
          start: gradients.total + parameter.range.lowerBound, count: parameter.count)
        return StepHistogram(
          name: parameter.name, weights: TensorBoardHistogram(UnsafeBufferPointer(rebasing: values[parameter.range])),
          gradient: TensorBoardHistogram(gradient, factor: 1 / Double(max(trained.terms, 1))))
      }
    }
  }
}
