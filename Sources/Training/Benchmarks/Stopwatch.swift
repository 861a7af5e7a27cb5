/// Times work that is shorter than the clock's noise by repeating it.
enum Stopwatch {
  /// Seconds of one call: the median of five measurements of at least a twentieth of a second each.
  static func seconds(_ work: () -> Void) -> Double {
    work()
    let clock = ContinuousClock()
    var repetitions = 1
    var times: [Double] = []
    while times.count < 5 {
      let taken = clock.measure { for _ in 0..<repetitions { work() } } / .seconds(1)
      guard taken >= 0.05 else {
        repetitions = max(repetitions + 1, Int(Double(repetitions) * 0.06 / max(taken, 1e-6)))
        continue
      }
      times.append(taken / Double(repetitions))
    }
    return times.sorted()[2]
  }

  /// Units a second of work that returns how many it did.
  static func rate(_ work: () -> Int) -> Double {
    var units = 0
    let seconds = seconds { units = work() }
    return Double(units) / seconds
  }
}
