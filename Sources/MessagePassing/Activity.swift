import Synchronization
import Tracing

/// What this rank is doing right now: written by the thread that trains, read by any other.
///
/// All communicators of a world share one. A collective call counts up `collectives` on every rank alike, so that two
/// ranks' numbers tell which of them is behind. Complexity of every call: a few relaxed stores.
public final class Activity: Sendable {
  /// A part of the work, as a person names it, and how long it may take.
  public struct Phase: Sendable {
    let name: StaticString
    let patience: Patience

    /// A phase; `name` is shown to the user: "backward".
    public init(_ name: StaticString, _ patience: Patience = .ordinary) {
      self.name = name
      self.patience = patience
    }

    /// What comes before the first step.
    public static let starting = Phase("start", .start)

    /// The same phase under another limit.
    public func under(_ patience: Patience) -> Phase { Phase(name, patience) }
  }

  /// Which limit holds for a phase.
  public enum Patience: UInt8, Sendable, CaseIterable {
    /// The ordinary one.
    case ordinary
    /// What happens once, such as reading statistics off a whole data set.
    case start
    /// What waits for storage.
    case storage
  }

  /// What was read at one moment.
  public struct Snapshot: Sendable, Equatable {
    /// Steps done before the present one.
    public var step: Int
    /// The phase's name.
    public var phase: String
    /// The phase's limit.
    public var patience: Patience
    /// Collective calls made so far, the present one included.
    public var collectives: Int
    /// The function of MPI that the rank is inside, if any.
    public var function: String?
    /// Grows with everything that happens: the same number again means that nothing has.
    public var ticks: Int

    /// A snapshot of the given values.
    public init(step: Int, phase: String, patience: Patience, collectives: Int, function: String?, ticks: Int) {
      self.step = step
      self.phase = phase
      self.patience = patience
      self.collectives = collectives
      self.function = function
      self.ticks = ticks
    }
  }

  /// What this rank did and when, where that is traced.
  public let timeline = Timeline()
  private let step = Atomic<Int>(0)
  private let phase: Atomic<UInt>
  private let patience: Atomic<UInt8>
  private let collectives = Atomic<Int>(0)
  private let function = Atomic<UInt>(0)
  private let ticks = Atomic<Int>(0)
  private let fault: TestFault?

  init(fault: TestFault? = nil) {
    phase = Atomic(Activity.address(Phase.starting.name))
    patience = Atomic(Phase.starting.patience.rawValue)
    self.fault = fault
  }

  /// A phase begins, or goes on.
  /// - Parameter step: steps done before the present one.
  public func enter(_ phase: Phase, step: Int) {
    self.step.store(step, ordering: .relaxed)
    self.phase.store(Activity.address(phase.name), ordering: .relaxed)
    patience.store(phase.patience.rawValue, ordering: .relaxed)
    tick()
    timeline.ifOn?.enter(phase.name)
    fault?.met(phase.name, step: step, self)
  }

  /// A phase of the same step begins, or goes on.
  public func enter(_ phase: Phase) { enter(phase, step: step.load(ordering: .relaxed)) }

  /// What the rank is doing. Read field by field: while the rank moves, the fields may be of neighbouring moments.
  public var snapshot: Snapshot {
    Snapshot(
      step: step.load(ordering: .relaxed), phase: Activity.text(phase.load(ordering: .relaxed)) ?? "",
      patience: Patience(rawValue: patience.load(ordering: .relaxed)) ?? .ordinary,
      collectives: collectives.load(ordering: .relaxed), function: Activity.text(function.load(ordering: .relaxed)),
      ticks: ticks.load(ordering: .relaxed))
  }

  /// Runs a call that all ranks make in the same order.
  @inline(__always)
  func collective(_ function: StaticString, _ call: () -> Int32) throws(MPIError) {
    let number = collectives.add(1, ordering: .relaxed).newValue
    try run(function, call, timeline.ifOn?.begin(.collective, function, number: number))
  }

  /// Runs a call that may wait for other ranks and that need not come in the same order on all of them.
  @inline(__always)
  func waiting(_ function: StaticString, _ call: () -> Int32) throws(MPIError) {
    try run(function, call, timeline.ifOn?.begin(.message, function))
  }

  @inline(__always)
  private func run(_ function: StaticString, _ call: () -> Int32, _ span: OpenSpan?) throws(MPIError) {
    self.function.store(Activity.address(function), ordering: .relaxed)
    tick()
    let code = call()
    self.function.store(0, ordering: .relaxed)
    span?.end()
    tick()
    try check(code, function)
  }

  private func tick() { ticks.add(1, ordering: .relaxed) }

  /// A static string lives as long as the process, so its address is as good as itself.
  private static func address(_ text: StaticString) -> UInt { UInt(bitPattern: text.utf8Start) }

  private static func text(_ address: UInt) -> String? {
    UnsafePointer<UInt8>(bitPattern: address).map { String(cString: $0) }
  }
}
