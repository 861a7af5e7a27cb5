import PackedTensors

/// The random process behind generated data: a zigzag whose speed changes in an order that is the class's own.
///
/// A phase runs round a circle of 82 units and is folded into the values 0...40, up and down again, so that a phase
/// drawn uniformly gives every value with equal probability at every timestep, whatever the speeds: no class can be
/// told by its values. All classes run through the same few speeds; a class's own are the order in which they follow
/// one another and the one at which it dwells longest. Tempo, starting point, dwelling times and one more speed that is
/// dwelt at vary by sequence, segments at a random speed interrupt the order, the phase trembles, and some values are
/// replaced by random ones.
///
/// All arithmetic is on integers, so that the values are equal on every processor.
struct OrderProcess: Sendable {
  /// The number of values, 0...40.
  static let categories = 41
  /// The most classes for which distinct orders are sought.
  static let mostClasses = 100

  /// Phase units are cut into 4096 parts.
  private static let unit = 4096
  private static let circle = 82 * unit
  /// Speeds in 1/10 of a phase unit a timestep; the steps between them are wider than tempo varies.
  private static let fewSpeeds = [6, 15, 37, 85, 160]
  private static let moreSpeeds = [4, 10, 22, 45, 80, 130, 210]
  /// Of 1024 segments so many have nothing to do with the class, and of 1024 values so many are random.
  private static let distractors: UInt32 = 205
  private static let replaced: UInt32 = 20

  private let speeds: [Int]
  /// For each class, which speed follows which.
  private let orders: [[Int]]
  private let shape: RandomKey
  private let segments: RandomKey
  private let noise: RandomKey

  init(classes: Int, seed: UInt64) {
    precondition(classes >= 1 && classes <= OrderProcess.mostClasses, "\(classes) classes cannot be generated")
    speeds = classes <= 4 ? OrderProcess.fewSpeeds : OrderProcess.moreSpeeds
    orders = OrderProcess.orders(classes, of: speeds.count)
    shape = RandomKey(seed: seed, purpose: "generate.sequence")
    segments = RandomKey(seed: seed, purpose: "generate.segment")
    noise = RandomKey(seed: seed, purpose: "generate.noise")
  }

  /// Cyclic orders of `count` (a prime) speeds, as successors. The first `count - 1` share no step at all.
  private static func orders(_ classes: Int, of count: Int) -> [[Int]] {
    var orders = (1..<count).prefix(classes).map { step in (0..<count).map { ($0 + step) % count } }
    let key = RandomKey(seed: 0, purpose: "generate.orders")
    while orders.count < classes {
      // Of some drawn orders, the one that shares the fewest steps with any order taken before.
      var best: [Int] = []
      var bestShared = Int.max
      for attempt in 0..<32 {
        var cycle = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
          cycle.swapAt(
            last, key.integer(below: last + 1, sequence: orders.count, timestep: attempt, channel: last))
        }
        var successors = Array(repeating: 0, count: count)
        for place in 0..<count { successors[cycle[place]] = cycle[(place + 1) % count] }
        let shared = orders.map { other in zip(other, successors).count { $0 == $1 } }.max() ?? 0
        if shared < bestShared { (best, bestShared) = (successors, shared) }
      }
      orders.append(best)
    }
    return orders
  }

  /// The values of sequence `id` of a class, one feature, `length` timesteps. Complexity: O(length).
  func values(of id: Int, class label: Int, length: Int) -> [Float] {
    let successors = orders[label]
    var phase = shape.integer(below: OrderProcess.circle, sequence: id, channel: 0)
    var state = shape.integer(below: speeds.count, sequence: id, channel: 1)
    let tempo = 820 + shape.integer(below: 410, sequence: id, channel: 2)  // of 1024: 0.8 ... 1.2
    let favourite = label % speeds.count
    let ownFavourite = shape.integer(below: speeds.count, sequence: id, channel: 3)
    var speed = 0
    var left = 0
    var segment = 0
    return Array(unsafeUninitializedCapacity: length) { buffer, count in
      for timestep in 0..<length {
        if left == 0 {
          let draw = segments.bits(sequence: id, timestep: segment)
          segment += 1
          let base: Int
          if draw.x & 1023 < OrderProcess.distractors {
            base = speeds[Int(draw.y % UInt32(speeds.count))]
            left = 4 + Int(draw.z % 13)
          } else {
            state = successors[state]
            base = speeds[state]
            left = (8 + Int(draw.z % 7)) * 1024 / tempo
            if state == favourite { left *= 2 }
            if state == ownFavourite { left = left * 5 / 4 }
          }
          speed = base * tempo * OrderProcess.unit / 10 / 1024
        }
        left -= 1
        phase = (phase + speed) % OrderProcess.circle
        let draw = noise.bits(sequence: id, timestep: timestep)
        // The sum of two uniform draws: a triangle of one unit to either side of the phase.
        let tremble = Int(draw.x & 4095) + Int(draw.y & 4095) - OrderProcess.unit
        let trembling = (phase + tremble + OrderProcess.circle) % OrderProcess.circle / OrderProcess.unit
        let folded = trembling < OrderProcess.categories ? trembling : 81 - trembling
        let isReplaced = draw.z & 1023 < OrderProcess.replaced
        let value = isReplaced ? Int(draw.w % UInt32(OrderProcess.categories)) : folded
        buffer[timestep] = Float(value)
      }
      count = length
    }
  }
}
