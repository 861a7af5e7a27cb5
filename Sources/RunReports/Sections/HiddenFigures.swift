import SequenceData
import Training

/// One sequence with the spans that were hidden, and what the model told of them.
struct HiddenFigures {
  let sequence: RestoredSequence
  /// Its place on the page.
  let number: Int
  let dataset: SequenceDataset

  private var length: Int { sequence.values.count / sequence.features }

  /// The pictures: a curve, and of spectra a picture of these.
  var figures: [Markup] {
    sequence.spectra == nil ? [curve()] : [curve(), spectra()].compactMap(\.self)
  }

  /// The feature that varies most.
  private var feature: Int {
    (0..<sequence.features).max { deviation($0) < deviation($1) } ?? 0
  }

  private func deviation(_ feature: Int) -> Double {
    let values = stride(from: feature, to: sequence.values.count, by: sequence.features).map {
      Double(sequence.values[$0])
    }
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count))).squareRoot()
  }

  /// The timesteps that are drawn: from the start to behind the third hidden span, at least a hundred or so.
  private var window: Range<Int> {
    let frame = sequence.spectra?.frame ?? 1
    guard !sequence.hidden.isEmpty else { return 0..<min(length, 240) }
    let end = sequence.hidden[min(2, sequence.hidden.count - 1)].upperBound
    return 0..<min(length, max(end + end / 8 + frame, 120))
  }

  private func curve() -> Markup {
    let (window, feature, features) = (window, feature, sequence.features)
    func series(_ name: String, _ values: [Float], _ look: Int, _ style: LineChart.Style = .line) -> LineChart.Series {
      let x = window.map(Double.init)
      let y = window.map { Double(values[$0 * features + feature]) }
      let thin = Decimation.extremes(x, y, buckets: 500)
      return .init(name: name, x: thin.x, y: thin.y, look: Look(number: look), style: style)
    }
    var curves: [LineChart.Series] = []
    if let given = sequence.given { curves.append(series("what the model read", given, 3, .faint)) }
    curves.append(series("the sequence", sequence.values, 0, window.count > 40 ? .thin : .line))
    if !sequence.told.isEmpty {
      curves.append(series("told by the model", sequence.told, 1, window.count > 400 ? .thin : .line))
    }
    let label = dataset.label(of: sequence.id).map { " of class \(dataset.classes[$0])" } ?? ""
    let part =
      window.count < length
      ? "Timesteps 0 to \(NumberText.count(window.upperBound - 1)) of \(NumberText.count(length))"
      : NumberText.counted(length, "timestep")
    let shown = features > 1 ? ", feature \(feature + 1) of \(features)" : ""
    var chart = LineChart(
      figure: Figure(
        id: "hidden-\(number)", title: "Sequence \(sequence.id)\(label)",
        description: "\(part)\(shown). \(hiddenWords)\(score ?? "")",
        note: "\(part)\(shown). \(hiddenWords)\(score ?? "")"),
      series: curves, xName: "timestep", quantity: .number(sequence.areCategories ? "category" : "value"), kind: .linear
    )
    chart.bands = sequence.hidden.filter { $0.lowerBound < window.upperBound }.map {
      max(0, Double($0.lowerBound) - 0.5)...min(Double($0.upperBound) - 0.5, Double(window.upperBound - 1))
    }
    return chart.markup
  }

  private var hiddenWords: String {
    sequence.hidden.isEmpty
      ? ""
      : "Shaded: hidden from the model (\(NumberText.counted(sequence.hidden.reduce(0) { $0 + $1.count }, "timestep")) in all). "
  }

  /// How good what it told is, over the whole sequence.
  private var score: String? {
    guard !sequence.told.isEmpty else { return nil }
    let pairs = zip(sequence.told, sequence.values).filter { $0.0.isFinite }
    guard !pairs.isEmpty else { return nil }
    if sequence.areCategories {
      let right = pairs.count { $0.0 == $0.1 }
      return
        "Told rightly: \(NumberText.count(right)) of \(NumberText.counted(pairs.count, "value")) (\(NumberText.percent(Double(right) / Double(pairs.count))))."
    }
    let error = (pairs.reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / Double(pairs.count)).squareRoot()
    return
      "Off by \(NumberText.short(error, digits: 3)) (root of the mean square, all features), where the drawn feature deviates by \(NumberText.short(deviation(feature), digits: 3))."
  }

  private func spectra() -> Markup? {
    guard let spectra = sequence.spectra, !spectra.actual.isEmpty else { return nil }
    let last = min(spectra.actual.count, (window.upperBound + spectra.frame - 1) / spectra.frame)
    let perFeature = spectra.bins / sequence.features
    let columns = (0..<last).map { f -> (actual: [Float], told: [Float]?) in
      let range = feature * perFeature..<(feature + 1) * perFeature
      return (Array(spectra.actual[f][range]), spectra.told[f].map { Array($0[range]) })
    }
    return SpectrumPicture(
      figure: Figure(
        id: "spectra-\(number)", title: "Sequence \(sequence.id): spectra",
        description:
          "Logarithm of the spectrum of each frame of \(spectra.frame) timesteps, low frequencies below. Above, the sequence as it is; below, what the model told of the hidden frames.",
        note:
          "Frames of \(NumberText.counted(spectra.frame, "timestep")); low frequencies below. \(spectrumScore(columns.compactMap { pair in pair.told.map { (pair.actual, $0) } }))"
      ),
      frames: columns
    ).markup
  }

  private func spectrumScore(_ pairs: [(actual: [Float], told: [Float])]) -> String {
    var (error, mean, count) = (0.0, 0.0, 0.0)
    for pair in pairs {
      for (a, b) in zip(pair.actual, pair.told) {
        error += Double(a - b) * Double(a - b)
        mean += Double(a)
        count += 1
      }
    }
    guard count > 0 else { return "" }
    let centre = mean / count
    let spread = pairs.reduce(0) { $0 + $1.actual.reduce(0) { $0 + (Double($1) - centre) * (Double($1) - centre) } }
    return
      "Hidden frames drawn are told to within \(NumberText.short((error / count).squareRoot(), digits: 3)); they deviate from their mean by \(NumberText.short((spread / count).squareRoot(), digits: 3))."
  }
}
