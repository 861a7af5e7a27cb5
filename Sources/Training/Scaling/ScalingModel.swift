import DataParallel
import PackedTensors

/// Predicts the seconds of a step on any number of ranks: a pure function of the plan, a core's speed, what the step
/// sends and the network.
///
/// What it leaves out: ranks on one machine that share its memory or its network card, noise of the operating system
/// (which many ranks meet more often than few), reading that does not keep up, checkpoints and validation.
struct ScalingModel {
  /// A core's speed at this model.
  var speed: CoreSpeed
  /// What a step sends.
  var traffic: StepTraffic
  /// Between any two ranks.
  var network: Network
  /// Cores for all ranks together; nil: each rank has one of its own. Work of ranks that share a core adds up.
  var cores: Int?
  /// Whether the gradient is reduced while backward goes on.
  var overlap = true

  /// The time of one step.
  /// - Parameters:
  ///   - laneOperations: analytic operations of each lane's sequences, forward and backward; as many as there are lanes.
  ///   - ranks: at most the lanes.
  func step(laneOperations: [Double], ranks: Int) -> StepTime {
    let lanes = laneOperations.count
    let working = working(ranks)
    var (mean, most, fullest) = (0.0, 0.0, 0)
    for rank in 0..<ranks {
      let carried = LaneTree.lanes(ofRank: rank, of: ranks, lanes: lanes)
      let seconds = laneOperations[carried].reduce(0, +) / speed.operationsPerSecond
      mean += seconds / working
      most = max(most, seconds)
      fullest = max(fullest, carried.count)
    }
    var time = StepTime()
    time.compute = mean
    time.imbalance = max(0, most - mean)
    let shared = Double(ranks) / working
    time.fixed = shared * (speed.secondsPerStep + Double(fullest) * speed.secondsPerLane)
    guard ranks > 1 else { return time }
    time.statistics = totals(ranks: ranks, lanes: lanes)
    add(to: &time, ranks: ranks, lanes: lanes)
    return time
  }

  /// The cores that so many ranks keep busy.
  func working(_ ranks: Int) -> Double { Double(min(ranks, cores ?? ranks)) }

  /// The loss, one Double, and the counts: three, and the timesteps of each rank.
  private func totals(ranks: Int, lanes: Int) -> Double {
    network.sum(count: 1, elementBytes: 8, ranks: ranks, lanes: lanes)
      + network.allReduce(Double(8 * (3 + ranks)), ranks: ranks)
  }

  /// Goes through the step's events: all wait for statistics; the gradient's pieces start on the way.
  private func add(to time: inout StepTime, ranks: Int, lanes: Int) {
    let busy = time.compute + time.imbalance
    var waited = 0.0
    var calls: [Double] = []
    var pieces: [GradientOverlap.Piece] = []
    var late: [Range<Int>] = []
    var buckets = GradientBuckets()
    func take(at moment: Double) {
      for piece in buckets.take() {
        if overlap && CanonicalSum.isReducedByMPI(count: piece.count, ranks: ranks) {
          pieces.append(.init(start: moment, bytes: Double(4 * piece.count)))
        } else {
          late.append(piece)
        }
      }
    }
    for event in traffic.events {
      let moment = busy * event.done + waited
      calls.append(moment)
      switch event.call {
      case .statistics(let count): waited += network.sum(count: count, elementBytes: 8, ranks: ranks, lanes: lanes)
      case .gradient(let range):
        buckets.add(range)
        if overlap && buckets.isFull { take(at: moment) }
      case .poll: break
      }
    }
    take(at: busy + waited)
    time.statistics += waited
    time.gradients =
      GradientOverlap(network: network, ranks: ranks).exposed(pieces, calls: calls, end: busy + waited)
      + late.reduce(0) { $0 + network.sum(count: $1.count, elementBytes: 4, ranks: ranks, lanes: lanes) }
  }
}
