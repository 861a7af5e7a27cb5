import Tracing

/// Lines of Chrome's trace event format, which Perfetto reads as well ("Trace Event Format", Google 2016): one event a
/// line, its time first, so that a trace can be cut at any line and its times changed without reading the rest.
struct TraceText {
  /// What was written so far.
  private(set) var bytes: [UInt8] = []
  /// The rank, which is the format's process.
  private let process: Int
  /// Flights so far, which tells them apart.
  private var flights = 0

  /// - Parameter capacity: bytes for which memory is taken now.
  init(rank: Int, capacity: Int) {
    process = rank
    bytes.reserveCapacity(capacity)
  }

  /// Forgets what was written.
  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  // MARK: Events

  /// A trace begins, and names its rank and its threads.
  mutating func begin(host: String) {
    append("[\n")
    let host = String(host.map { $0 == "\"" || $0 == "\\" || $0.isNewline ? "?" : $0 })
    about("process_name", thread: nil, "{\"name\":\"rank \(process) on \(host)\"}")
    about("process_sort_index", thread: nil, "{\"sort_index\":\(process)}")
    for track in [TimelineEvent.Track.training, .reading, .checkpoints] {
      about("thread_name", thread: track.rawValue, "{\"name\":\"\(track)\"}")
      about("thread_sort_index", thread: track.rawValue, "{\"sort_index\":\(track.rawValue)}")
    }
  }

  private mutating func about(_ what: String, thread: UInt8?, _ arguments: String) {
    append("{\"ph\":\"M\",\"pid\":\(process),")
    if let thread { append("\"tid\":\(thread),") }
    append("\"name\":\"\(what)\",\"args\":\(arguments)},\n")
  }

  /// What a clock showed beside rank 0's.
  mutating func add(_ clock: RankClock) {
    opening(clock.at)
    append("\"ph\":\"i\",\"s\":\"p\"")
    ending(.training, category: "clock", name: { $0.append("clock") })
    append(",\"args\":{\"aheadNanoseconds\":\(clock.ahead),\"uncertaintyNanoseconds\":\(clock.uncertainty)}},\n")
  }

  /// Something that happened at a moment, in words.
  mutating func add(_ sentence: String, at: Int64) {
    opening(at)
    append("\"ph\":\"i\",\"s\":\"g\"")
    ending(.training, category: "trace", name: { $0.append(sentence) })
    append("},\n")
  }

  /// One event of a timeline. Allocates nothing where there is room.
  mutating func add(_ event: TimelineEvent) {
    switch event.kind {
    case .counter:
      opening(event.start)
      append("\"ph\":\"C\"")
      ending(event, category: "counter")
      append(",\"args\":{\"bytes\":")
      append(event.number)
      append("}},\n")
    case .flight:
      flights += 1
      opening(event.start)
      append("\"ph\":\"b\"")
      flight(event, ended: false)
      opening(event.end)
      append("\"ph\":\"e\"")
      flight(event, ended: true)
    case .step, .phase, .forward, .backward, .work, .collective, .message:
      opening(event.start)
      append("\"dur\":")
      append(microseconds: event.end - event.start)
      append(",\"ph\":\"X\"")
      ending(event, category: event.kind.category)
      if event.kind == .collective || event.kind == .step {
        append(event.kind == .step ? ",\"args\":{\"step\":" : ",\"args\":{\"collective\":")
        append(event.number)
        append("}")
      }
      append("},\n")
    }
  }

  private mutating func flight(_ event: TimelineEvent, ended: Bool) {
    append(",\"id\":\"")
    append(process)
    append(".")
    append(flights)
    append("\"")
    ending(event, category: "flight")
    if !ended {
      append(",\"args\":{\"bytes\":")
      append(event.number)
      append("}")
    }
    append("},\n")
  }

  // MARK: Their parts

  private mutating func opening(_ moment: Int64) {
    append("{\"ts\":")
    append(microseconds: moment)
    append(",")
  }

  private mutating func ending(_ event: TimelineEvent, category: StaticString) {
    ending(event.track, category: category) { text in
      switch event.name {
      case .fixed(let name): text.append(name)
      case .text(let name): text.append(layer: name)
      }
      if event.kind == .step {
        text.append(" ")
        text.append(event.number)
      }
    }
  }

  private mutating func ending(
    _ track: TimelineEvent.Track, category: StaticString, name: (inout TraceText) -> Void
  ) {
    append(",\"pid\":")
    append(process)
    append(",\"tid\":")
    append(Int(track.rawValue))
    append(",\"cat\":\"")
    append(category)
    append("\",\"name\":\"")
    name(&self)
    append("\"")
  }

  /// A layer's name: its weight's without `.weight`.
  private mutating func append(layer name: String) {
    let name = name.utf8
    let suffix = name.suffix(7)
    let isWeight = suffix.elementsEqual(".weight".utf8) || suffix.elementsEqual("_weight".utf8)
    bytes.append(contentsOf: isWeight ? name.dropLast(7) : name[...])
  }

  /// Nanoseconds as the format's microseconds, none lost.
  private mutating func append(microseconds nanoseconds: Int64) {
    let value = max(0, nanoseconds)
    append(Int(value / 1000))
    let rest = UInt8(value % 1000 / 100)
    let (tens, ones) = (UInt8(value % 100 / 10), UInt8(value % 10))
    bytes.append(UInt8(ascii: "."))
    for digit in [rest, tens, ones] { bytes.append(UInt8(ascii: "0") + digit) }
  }

  private mutating func append(_ number: Int) {
    precondition(number >= 0, "\(number) is no count")
    var (power, rest) = (1, number)
    while power <= rest / 10 { power *= 10 }
    while power > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest / power))
      rest %= power
      power /= 10
    }
  }

  private mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension TimelineEvent.Kind {
  /// What viewers can filter by.
  fileprivate var category: StaticString {
    switch self {
    case .step: "step"
    case .phase: "phase"
    case .forward: "forward"
    case .backward: "backward"
    case .work: "work"
    case .collective: "collective"
    case .message: "message"
    case .flight: "flight"
    case .counter: "counter"
    }
  }
}
