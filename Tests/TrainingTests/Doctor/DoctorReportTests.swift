import Foundation
import Testing

@testable import Training

@Suite struct DoctorReportTests {
  @Test func ranksThatAreAlikeShareARow() throws {
    let places = [0, 0, 0, 3].enumerated().map { Place(rank: $0, host: ["a", "b"][$1 / 3], node: $1) }
    var report = DoctorReport(places: places)
    let threads = [1, 1, 2, 2]
    let cores = ProcessorCores(allowed: [0, 1, 2], cores: [0, 1, 2], coresOfHost: 4)
    try report.add(
      CoresCheck(threads: 1),
      places.map { Seen(place: $0, what: .init(threads: threads[$0.rank], processor: cores)) })
    let lines = report.text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "rank  host  bound to  threads", "\(report.text)")
    #expect(lines[1] == "0-1   a     0-2       1", "\(report.text)")
    #expect(lines[2] == "2     a     0-2       2", "\(report.text)")
    #expect(lines[3] == "3     b     0-2       2", "\(report.text)")
    #expect(lines[4] == "host  ranks  cores", "\(report.text)")
    #expect(lines[5] == "a     3      4", "\(report.text)")
    #expect(report.text.contains("\n1 finding\n\n1. cores: ranks 0-2 on a"), "\(report.text)")
    let json = try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any]
    #expect((json?["ranks"] as? [Any])?.count == 4 && (json?["findings"] as? [Any])?.count == 1)
  }

  @Test func listsOfNumbers() {
    #expect(SystemText.list([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8")
    #expect(SystemText.list([]) == "")
    #expect(SystemText.numbers("0-2,5,7-8") == [0, 1, 2, 5, 7, 8])
    #expect(SystemText.numbers("3-1") == nil && SystemText.numbers("x") == nil)
  }

  @Test func quantities() {
    #expect([0, 1023, 1536, 5 << 30].map(Quantity.bytes) == ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"])
    #expect([2.5e-5, -0.012, 65].map(Quantity.seconds) == ["25 us", "-12 ms", "65 s"])
    #expect(Quantity.rate(1.25e9) == "10 Gbit/s")
  }

  @Test func ranksThatNeverHearOfEachOther() {
    let interfaces = [
      NetworkInterface(name: "eth0", address: "10.0.0.5", network: "10.0.0.0/24"),
      NetworkInterface(name: "docker0", address: "172.17.0.1", network: "172.17.0.0/16"),
    ]
    let sentence = FirstContact.sentence(rank: 1, host: "b", interfaces: interfaces)
    for word in ["rank 1 on b", "eth0 10.0.0.5 in 10.0.0.0/24, docker0 172.17.0.1", "btl_tcp_if_include=NETWORK"] {
      #expect(sentence.contains(word), "\(sentence)")
    }
    #expect(FirstContact.sentence(rank: 0, host: "a", interfaces: []).contains("a has no network"))
  }

  @Test func whatThisMachineTells() throws {
    let cores = try #require(ProcessorCores.own)
    #expect(!cores.allowed.isEmpty && cores.cores.count <= cores.allowed.count, "\(cores)")
    #expect(cores.coresOfHost >= cores.cores.count, "\(cores)")
    #expect(try #require(FreeSpace.memoryBytes) > 0)
    #expect(try #require(FreeSpace.bytes(at: "/")) >= 0)
    #expect(FreeSpace.bytes(at: "/proc") == nil)
    for interface in NetworkInterface.all {
      #expect(interface.address.split(separator: ".").count == 4 && interface.network.contains("/"), "\(interface)")
    }
  }
}
