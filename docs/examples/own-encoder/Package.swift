// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "own-encoder",
  dependencies: [.package(name: "lockstep", path: "../../..")],
  targets: [
    .executableTarget(name: "own-encoder", dependencies: [.product(name: "Lockstep", package: "lockstep")])
  ]
)
