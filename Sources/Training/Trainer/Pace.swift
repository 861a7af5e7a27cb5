/// How fast training goes: the timesteps and seconds of the last twenty steps.
struct Pace {
  private var recent: [(timesteps: Int, seconds: Double)] = []

  /// Takes a step in.
  mutating func add(_ report: StepReport) {
    recent.append((report.timesteps, report.seconds))
    if recent.count > 20 { recent.removeFirst() }
  }

  private var seconds: Double { recent.reduce(0) { $0 + $1.seconds } }

  /// Timesteps a second; 0 before the first step.
  var timestepsPerSecond: Double { seconds > 0 ? Double(recent.reduce(0) { $0 + $1.timesteps }) / seconds : 0 }

  /// What so many more steps will take.
  func seconds(for steps: Int) -> Double { recent.isEmpty ? 0 : seconds / Double(recent.count) * Double(steps) }
}
