import Synchronization

/// What this rank does and when, for the steps that are traced.
///
/// Off it costs a load and a branch. On, an event is written into memory that was allocated once, with one look at the
/// clock at its beginning and one at its end, and whoever keeps the trace takes the events between two steps. What does
/// not fit is left out and counted.
///
/// The thread that trains owns the events; what others do beside it is few and goes through a mutex.
public final class Timeline: @unchecked Sendable {  // as the last sentence says; `on` is atomic
  private let on = Atomic<Bool>(false)
  private var events = UnsafeMutableBufferPointer<TimelineEvent>(start: nil, count: 0)
  private var count = 0
  private var step: OpenSpan?
  private var phase: OpenSpan?
  private let beside = Mutex<[TimelineEvent]>([])

  /// Events that did not fit so far.
  public private(set) var dropped = 0
  /// Bytes handed to reductions in traced steps so far.
  public private(set) var reducedBytes = 0

  /// The most events of other threads that wait to be taken.
  private static let mostBeside = 256

  /// A timeline that is off and holds no memory.
  public init() {}

  deinit {
    events.baseAddress?.deinitialize(count: count)
    events.deallocate()
  }

  /// Allocates room for a step's events. Complexity: 64 bytes an event.
  public func reserve(events capacity: Int) {
    precondition(events.isEmpty && capacity > 0, "a timeline's memory is allocated once")
    events = .allocate(capacity: capacity)
  }

  /// The timeline while a step is traced, else nothing.
  public var ifOn: Timeline? { on.load(ordering: .relaxed) ? self : nil }

  // MARK: Steps and their phases

  /// A step begins to be traced.
  /// - Parameter number: the step's, from 1.
  public func beginStep(_ number: Int) {
    precondition(!events.isEmpty, "reserve(events:) comes before the first step")
    on.store(true, ordering: .relaxed)
    step = begin(.step, "step", number: number)
  }

  /// The step is over, and with it what is traced.
  public func endStep() {
    phase?.end()
    step?.end()
    (phase, step) = (nil, nil)
    on.store(false, ordering: .relaxed)
  }

  /// A phase of the step begins and ends the one before.
  public func enter(_ name: StaticString) {
    phase?.end()
    phase = begin(.phase, name)
  }

  // MARK: What happens in a step

  /// Something begins: ``OpenSpan/end()`` ends it.
  public func begin(_ kind: TimelineEvent.Kind, _ name: String) -> OpenSpan { begin(kind, .text(name), number: 0) }

  /// Something begins: ``OpenSpan/end()`` ends it.
  /// - Parameter number: see ``TimelineEvent/Kind``.
  public func begin(_ kind: TimelineEvent.Kind, _ name: StaticString, number: Int = 0) -> OpenSpan {
    begin(kind, .fixed(name), number: number)
  }

  private func begin(_ kind: TimelineEvent.Kind, _ name: TimelineEvent.Name, number: Int) -> OpenSpan {
    guard count < events.count else {
      dropped += 1
      return OpenSpan(timeline: self, index: nil)
    }
    let now = MonotonicTime.nanoseconds
    (events.baseAddress! + count).initialize(
      to: TimelineEvent(kind, on: .training, name: name, number: number, start: now, end: now))
    count += 1
    return OpenSpan(timeline: self, index: count - 1)
  }

  fileprivate func end(_ index: Int) {
    // Whoever failed in the middle of a step may end a span that was taken already.
    if index < count { events[index].end = MonotonicTime.nanoseconds }
  }

  /// A number at this moment.
  public func note(_ name: StaticString, _ value: Int) { _ = begin(.counter, .fixed(name), number: value) }

  /// A reduction is given so many bytes.
  public func reduces(bytes: Int) { reducedBytes += bytes }

  // MARK: What happens beside it

  /// Another thread has done something since `start`, when a step was traced: it may end when none is.
  public func add(_ track: TimelineEvent.Track, _ name: StaticString, since start: Int64) {
    let event = TimelineEvent(
      .work, on: track, name: .fixed(name), number: 0, start: start, end: MonotonicTime.nanoseconds)
    beside.withLock { if $0.count < Timeline.mostBeside { $0.append(event) } }
  }

  /// Gives out all events since the last time, those of this thread in the order in which they began, and forgets them.
  public func take(_ body: (TimelineEvent) -> Void) {
    for index in 0..<count { body(events[index]) }
    events.baseAddress?.deinitialize(count: count)
    count = 0
    for event in beside.withLock({ events in
      defer { events.removeAll(keepingCapacity: true) }
      return events
    }) { body(event) }
  }
}

/// Something of which the end is not known yet. Belongs to the thread that trains.
public struct OpenSpan {
  fileprivate let timeline: Timeline
  fileprivate let index: Int?

  /// It is over.
  public func end() { if let index { timeline.end(index) } }
}
