// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target is compiled with the same settings.
let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Tests are not optimised, in release neither: nothing in them is slow enough to be worth the compiler's time.
let tests = swift + [.unsafeFlags(["-Onone"])]

/// The commit, for `lockstep --version`, as launch/common.sh and cluster/container give it. Not Context.gitInformation: SwiftPM
/// remembers its answer from earlier commits.
let revision = Context.environment["LOCKSTEP_REVISION"].flatMap { $0.isEmpty ? nil : $0 }

let package = Package(
  name: "lockstep",
  products: [
    .executable(name: "lockstep", targets: ["lockstep"]),
    .library(name: "Lockstep", targets: ["Training", "SequenceData", "Networks", "PackedTensors", "MessagePassing"]),
    // What only tests use: put under the program by LD_PRELOAD, so that it has to be a file of its own.
    .library(name: "FileJournal", type: .dynamic, targets: ["FileJournal"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The house, from the ground up. A target may import only what is listed here.
    .systemLibrary(
      name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    .target(name: "CKernels"),
    // What a new commit compiles again: this file, and the modules that depend on it: the command line alone.
    .target(
      name: "CRevision", cSettings: revision.map { [.define("LOCKSTEP_REVISION", to: "\"\($0)\"")] } ?? []),
    .target(name: "Tracing", swiftSettings: swift),
    .target(name: "PackedTensors", dependencies: ["CKernels"], swiftSettings: swift),
    .target(name: "Networks", dependencies: ["PackedTensors", "Tracing"], swiftSettings: swift),
    .target(name: "MessagePassing", dependencies: ["CMPI", "Tracing"], swiftSettings: swift),
    .target(
      name: "DataParallel", dependencies: ["Networks", "PackedTensors", "MessagePassing", "Tracing"],
      swiftSettings: swift),
    .target(
      name: "ArrayFiles", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift),
    .target(
      name: "SequenceData", dependencies: ["PackedTensors", "ArrayFiles"], swiftSettings: swift),
    .target(
      name: "Checkpoints", dependencies: ["PackedTensors", "Networks", "ArrayFiles", "Tracing"],
      swiftSettings: swift),
    .target(
      name: "Training",
      dependencies: [
        "PackedTensors", "Networks", "MessagePassing", "DataParallel", "ArrayFiles",
        "SequenceData", "Checkpoints", "Tracing", "Yams",
      ], swiftSettings: swift),
    .target(
      name: "RunReports", dependencies: ["Training", "Checkpoints", "SequenceData", "ArrayFiles"], swiftSettings: swift),
    .executableTarget(
      name: "lockstep",
      dependencies: [
        "CRevision", "RunReports", "Training", "SequenceData", "MessagePassing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: swift),

    // What only tests run: one scenario a name, started as several ranks by MultiProcessTests.
    .executableTarget(
      name: "mpi-scenarios", dependencies: ["MessagePassing", "DataParallel", "PackedTensors"],
      swiftSettings: swift),

    // Readers of files that may come from anybody, as fuzzers drive them; the program replays files through them.
    .target(
      name: "HostileFiles", dependencies: ["Training", "SequenceData", "ArrayFiles"],
      path: "Tests/Fuzzing/HostileFiles", swiftSettings: swift),
    .executableTarget(
      name: "replay-files", dependencies: ["HostileFiles"], path: "Tests/Fuzzing/ReplayFiles", swiftSettings: swift),

    // A program beside this package that adds an encoder of its own; it has a manifest too.
    .executableTarget(
      name: "own-encoder", dependencies: ["Training", "Networks", "PackedTensors", "MessagePassing"],
      path: "docs/examples/own-encoder/Sources/own-encoder", swiftSettings: swift),

    .target(name: "FileJournal", path: "Tests/PowerLoss/FileJournal"),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swift),
    // AVX-512's kernels for processors without it.
    .target(
      name: "SixteenLanes", dependencies: ["CKernels"], path: "Tests/SixteenLanes",
      cSettings: [.headerSearchPath("../../Sources/CKernels")]),
    .testTarget(
      name: "PackedTensorsTests", dependencies: ["PackedTensors", "CKernels", "SixteenLanes", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "NetworksTests",
      dependencies: ["Networks", "PackedTensors", "ArrayFiles", "TestSupport"],
      resources: [.copy("Golden")], swiftSettings: tests),
    .testTarget(
      name: "ArrayFilesTests", dependencies: ["ArrayFiles", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "DataParallelTests", dependencies: ["DataParallel", "MessagePassing", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "SequenceDataTests", dependencies: ["SequenceData", "ArrayFiles", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "ArrayFiles", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "TrainingTests", dependencies: ["Training", "SequenceData", "ArrayFiles", "Tracing", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "RunReportsTests", dependencies: ["RunReports", "ArrayFiles", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "HostileFilesTests", dependencies: ["HostileFiles", "ArrayFiles", "replay-files", "TestSupport"],
      path: "Tests/Fuzzing/HostileFilesTests", swiftSettings: tests),
    .testTarget(
      name: "MultiProcessTests",
      dependencies: ["mpi-scenarios", "MessagePassing", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "CommandTests",
      dependencies: ["lockstep", "ArrayFiles", "SequenceData", "TestSupport", "Yams"],
      swiftSettings: tests),
  ]
)

// libFuzzer brings a `main` of its own, so that its target builds only as launch/fuzz builds it.
if Context.environment["LOCKSTEP_FUZZING"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-readers", dependencies: ["HostileFiles"], path: "Tests/Fuzzing/FuzzReaders", swiftSettings: swift,
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}
