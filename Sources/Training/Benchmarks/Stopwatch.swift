import PackedTensors

/// Times work that is shorter than the clock's noise by repeating it.
enum Stopwatch {
  /// Seconds of one call of each: the medians of five measurements of at least a twentieth of a second, made in turn, since a
  /// processor's speed drifts while it is measured.
  static func seconds(_ works: [() -> Void]) -> [Double] {
    let clock = ContinuousClock()
    func seconds(_ work: () -> Void, _ repetitions: Int) -> Double {
      clock.measure { for _ in 0..<repetitions { work() } } / .seconds(1)
    }
    let repetitions = works.map { work in
      work()
      var repetitions = 1
      while true {
        let taken = seconds(work, repetitions)
        if taken >= 0.05 { return repetitions }
        repetitions = max(repetitions + 1, Int(Double(repetitions) * 0.06 / max(taken, 1e-6)))
      }
    }
    let rounds = (0..<5).map { _ in zip(works, repetitions).map { seconds($0, $1) / Double($1) } }
    return works.indices.map { work in rounds.map { $0[work] }.sorted()[2] }
  }

  /// Seconds of one call of each, and beside them, measured in the same rounds, fused multiply-adds of Float on registers alone in FLOP
  /// a second.
  static func secondsAndPeak(_ works: [() -> Void]) -> (seconds: [Double], peak: Double) {
    var operations = 0
    let times = seconds(works + [{ operations = ProcessorLimits.multiplyAdd(rounds: 10_000) }])
    return (Array(times.dropLast()), Double(operations) / times[works.count])
  }

  /// Seconds of one call.
  static func seconds(_ work: @escaping () -> Void) -> Double { seconds([work])[0] }

  /// Units a second of work that returns how many it did.
  static func rate(_ work: @escaping () -> Int) -> Double {
    var units = 0
    let seconds = seconds { units = work() }
    return Double(units) / seconds
  }
}
