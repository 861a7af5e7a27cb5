import ArrayFiles
import Foundation
import TestSupport
import Testing

/// A trace as viewers read it.
private struct ReadTrace: Decodable {
  struct Event: Decodable {
    var ph, name: String
    var cat: String?
    var pid: Int
    var tid: Int?
    /// Microseconds.
    var ts, dur: Double?
    var id: String?
    var args: Arguments?

    var start: Double { ts ?? 0 }
    var end: Double { start + (dur ?? 0) }
  }
  struct Arguments: Decodable {
    var name: String?
    var step, collective, bytes: Int?
  }
  var traceEvents: [Event]

  init(_ path: String) throws {
    self = try JSONDecoder().decode(ReadTrace.self, from: bytes(path))
  }

  func spans(of rank: Int, thread: Int = 1) -> [Event] {
    traceEvents.filter { $0.ph == "X" && $0.pid == rank && $0.tid == thread }
  }
  func steps(of rank: Int) -> [Event] { spans(of: rank).filter { $0.cat == "step" } }

  /// Expects that of any two spans of a thread one lies within the other, or they are apart.
  func expectNesting(ranks: Int) {
    for rank in 0..<ranks {
      for thread in 1...3 {
        var open: [Event] = []
        let spans = spans(of: rank, thread: thread)
        for span in spans.sorted(by: { ($0.start, -$0.end) < ($1.start, -$1.end) }) {
          while let last = open.last, last.end <= span.start + 1e-4 { open.removeLast() }
          if let last = open.last { #expect(span.end <= last.end + 1e-4, "rank \(rank): \(span) in \(last)") }
          open.append(span)
        }
      }
    }
  }

  /// Expects that the phases of a step fill it, and that layers, calls and work fill the passes. But for one step:
  /// the system may take the processor away between two phases for as long as it likes.
  func expectCover(ranks: Int) {
    for rank in 0..<ranks {
      let spans = spans(of: rank)
      var (ofPasses, ofSpans, shares) = (0.0, 0.0, [Double]())
      for step in steps(of: rank) {
        let phases = spans.filter { $0.cat == "phase" && $0.start >= step.start && $0.end <= step.end + 1e-3 }
        let covered = phases.reduce(0) { $0 + $1.end - $1.start }
        shares.append(covered / (step.end - step.start))
        for phase in phases where ["forward", "backward"].contains(phase.name) {
          let within = spans.filter { $0.cat != "phase" && $0.start >= phase.start && $0.end <= phase.end + 1e-3 }
          var end = phase.start
          for span in within.sorted(by: { $0.start < $1.start }) where span.end > end {
            ofSpans += span.end - max(span.start, end)
            end = span.end
          }
          ofPasses += phase.end - phase.start
        }
      }
      #expect(shares.count { $0 < 0.98 } <= 1, "rank \(rank): the phases fill \(shares) of its steps")
      #expect(ofSpans >= 0.9 * ofPasses, "rank \(rank): \(ofSpans) of \(ofPasses)")
    }
  }
}

extension Commands {
  /// `--trace`, and `lockstep trace`.
  @Suite struct TraceTests {
    @Test(arguments: [1, 2]) func aTraceTellsOfEveryStepLayerAndCall(ranks: Int) throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run(ranks: ranks, ["--trace"])
      try run.expectSameBits(as: Experiment.maskedReference.get(), at: 30, "traced on \(ranks) ranks")
      #expect(try names(run.path + "/trace") == ["attempt-00000001.json"])
      let trace = try ReadTrace(run.path + "/trace/attempt-00000001.json")

      let ranksNamed = trace.traceEvents.filter { $0.name == "process_name" }.compactMap(\.args?.name)
      #expect(ranksNamed.count == ranks && ranksNamed.allSatisfy { $0.hasPrefix("rank ") }, "\(ranksNamed)")
      trace.expectNesting(ranks: ranks)
      trace.expectCover(ranks: ranks)
      let weights = try run.tensors(30).map(\.name).filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(7)) }
      #expect(weights.count > 10)
      for rank in 0..<ranks {
        #expect(trace.steps(of: rank).compactMap(\.args?.step) == Array(3...23), "rank \(rank)")
        let spans = trace.spans(of: rank)
        for direction in ["forward", "backward"] {
          let found = Set(spans.filter { $0.cat == direction }.map(\.name))
          #expect(Set(weights).subtracting(found).isEmpty, "rank \(rank), \(direction): \(found.sorted())")
        }
        let phases = Set(spans.filter { $0.cat == "phase" }.map(\.name))
        let expected: Set = ["reading", "forward", "backward", "gradients", "update", "evaluation", "checkpoint"]
        #expect(expected.isSubset(of: phases), "rank \(rank): \(phases.sorted())")
        #expect(!trace.spans(of: rank, thread: 2).isEmpty, "no batch was read")
        #expect(trace.traceEvents.contains { $0.ph == "C" && $0.pid == rank && $0.args?.bytes ?? 0 > 0 })
      }
      // Step 10's and 20's checkpoints, by the thread that writes them.
      #expect(trace.spans(of: 0, thread: 3).map(\.name) == ["checkpoint", "checkpoint"])
      if ranks == 2 { expectMeeting(trace) }
    }

    /// Ranks' clocks agree: no rank comes out of an all-reduce before all have gone in.
    private func expectMeeting(_ trace: ReadTrace) {
      var calls: [Int: [ReadTrace.Event]] = [:]
      for event in trace.traceEvents where event.cat == "collective" && event.name == "MPI_Allreduce" {
        calls[event.args?.collective ?? 0, default: []].append(event)
      }
      #expect(calls.count > 21 * 5, "\(calls.count)")
      for (number, events) in calls {
        #expect(events.count == 2 && events.map(\.pid).sorted() == [0, 1], "call \(number): \(events)")
        let (last, first) = (events.map(\.start).max() ?? 0, events.map(\.end).min() ?? 0)
        #expect(last <= first + 1, "call \(number): \(events)")
      }
      #expect(trace.traceEvents.contains { $0.cat == "waiting" && $0.name.hasPrefix("waiting for rank ") })
      let flights = trace.traceEvents.filter { $0.cat == "flight" }
      let (begun, ended) = (flights.filter { $0.ph == "b" }, flights.filter { $0.ph == "e" })
      #expect(begun.count == ended.count && begun.count >= 2 * 21, "\(begun.count) and \(ended.count)")
      #expect(Set(begun.map(\.id)).count == begun.count && begun.allSatisfy { $0.args?.bytes ?? 0 > 0 })
    }

    @Test func aKilledRunLeavesATraceThatCanBeRead() throws {
      var experiment = try Experiment.masked.get()
      experiment.steps = 100_000
      let run = Workplace.place("killed")
      let job = try MPIRun.start(
        ranks: 2, "lockstep",
        ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run, "--trace"])
      let parts = (0...1).map { run + "/trace/attempt-00000001/rank-000\($0).json" }
      let isThere = job.wait { parts.allSatisfy { ((try? bytes($0))?.count ?? 0) > 40_000 } }
      #expect(isThere, "\(job.errorsSoFar)")
      job.send(SIGKILL)
      _ = job.wait()
      let out = Workplace.place("trace.json")
      let said = try lockstep("trace \(run) --out \(out)")
      #expect(said.output.hasPrefix("attempt 1: ") && said.output.contains("on 2 ranks"), "\(said.output)")
      let trace = try ReadTrace(out)
      for rank in 0...1 { #expect(trace.steps(of: rank).count >= 5, "rank \(rank)") }
      trace.expectNesting(ranks: 2)
    }

    @Test func aTraceIsNoLargerThanItMayBe() throws {
      let run = try Experiment.masked.get().run(
        ranks: 2, ["--trace", "--trace-steps", "3..12", "--trace-limit-mb", "0.1", "--stop-after", "12"], expecting: 75)
      let path = run.path + "/trace/attempt-00000001.json"
      #expect(try bytes(path).count < 105_000)
      let trace = try ReadTrace(path)
      #expect((1..<10).contains(trace.steps(of: 0).count), "\(trace.steps(of: 0).count)")
      #expect(trace.traceEvents.contains { $0.name.hasPrefix("the trace is as large as it may be") })
    }

    @Test func mistakesAreToldWithWhatToDo() throws {
      let (recipe, data) = (try Experiment.masked.get().recipe, try Experiment.masked.get().data)
      let train = "pretrain \(recipe) --data \(data) --out \(Workplace.place("none"))"
      try refused(train + " --trace-steps 3..5", code: 64, saying: "--trace-steps", "add --trace")
      try refused(train + " --trace --trace-steps 5..3", code: 64, saying: "101..120")
      try refused(train + " --trace --trace-limit-mb 0", code: 64, saying: "above 0")
      try refused("trace /not/there --out x.json", code: 66, saying: "/not/there")
      let run = try Experiment.maskedReference.get().path
      try refused("trace \(run) --out x.json", code: 66, saying: "train with --trace")
    }
  }
}
