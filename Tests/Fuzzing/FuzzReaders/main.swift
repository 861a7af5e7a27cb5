import Foundation
import HostileFiles

// fuzz-readers READER [ARGUMENT of libFuzzer…]
//
// An error of the project's own is as good an answer as a value; anything else ends the process, and libFuzzer keeps
// the input. Built by launch/fuzz alone.

/// libFuzzer from its options to its end.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let names = HostileReader.allCases.map(\.rawValue)
// libFuzzer starts this program itself to minimise and to merge, with its own arguments alone.
private let inherited = ProcessInfo.processInfo.environment["LOCKSTEP_FUZZ_READER"].map { [$0] } ?? []
private let words = inherited + CommandLine.arguments.dropFirst()
guard let reader = words.first.flatMap(HostileReader.init(rawValue:)) else {
  print("usage: fuzz-readers \(names.joined(separator: "|")) [ARGUMENT of libFuzzer...]")
  exit(64)
}

// Only libFuzzer's one thread comes here.
nonisolated(unsafe) private let bench = Workbench()
private let chosen = reader
mutatedReader = reader

var arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
setenv("LOCKSTEP_FUZZ_READER", reader.rawValue, 1)
let given = [CommandLine.arguments[0]] + words.dropFirst()
for (index, argument) in given.enumerated() { arguments[index] = strdup(argument) }
arguments[given.count] = nil
var count = CInt(given.count)
exit(
  runDriver(&count, &arguments) { start, count in
    let outcome = chosen.read(UnsafeRawBufferPointer(start: start, count: count), on: bench)
    if case .untyped(let error) = outcome { fatalError("an error that is none of the project's own: \(error)") }
    return 0
  })
