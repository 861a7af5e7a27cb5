import Testing

@testable import Training

/// What the doctor says of invented machines and the network between them.
@Suite struct DoctorOfHostsTests {
  private static let gibibyte = 1 << 30

  @Test func memory() {
    func judge(_ free: Int?, _ pages: String = "madvise") -> Verdict {
      MemoryCheck().judge(
        seen(["a", "a", "b"]) {
          $0 < 2 ? .init(freeBytes: 4 << 30, hugePages: "always") : .init(freeBytes: free, hugePages: pages)
        })
    }
    expectWell(judge(Self.gibibyte))
    expectFinding(judge(255 << 20), "b has 255.0 MiB of memory free", "lockstep plan")
    expectFinding(judge(Self.gibibyte, "never"), "switched off on b", "echo madvise")
    #expect(judge(nil).notChecked.count == 1)
  }

  @Test func limits() {
    func judge(_ files: Int, locked: Int? = nil, infiniband: Bool = false) -> Verdict {
      LimitsCheck().judge(
        seen(["a", "b"]) {
          $0 == 0
            ? .init(openFiles: 1024, lockedBytes: nil, hasInfiniband: false)
            : .init(openFiles: files, lockedBytes: locked, hasInfiniband: infiniband)
        })
    }
    expectWell(judge(1024, locked: 65536))
    expectFinding(judge(64), "rank 1 on b may have 64 files open", "ulimit -n")
    expectFinding(judge(1024, locked: 65536, infiniband: true), "64.0 KiB", "ulimit -l unlimited")
  }

  @Test func sharedMemory() {
    func judge(
      _ free: Int, writable: Bool = true, _ copy: SharedMemoryCheck.SingleCopy = .works, folder: String? = "/dev/shm"
    ) -> Verdict {
      SharedMemoryCheck().judge(
        seen(["a", "b", "b", "b"]) { _ in
          .init(folder: folder, freeBytes: free, isWritable: writable, singleCopy: copy)
        })
    }
    expectWell(judge(12 << 20))
    expectWell(judge(12 << 20, .off))
    expectWell(judge(0, writable: false, folder: nil))
    expectFinding(judge(11 << 20), "b has 11.0 MiB free in /dev/shm; 3 ranks need 12.0 MiB", "--shm-size")
    expectFinding(judge(0, writable: false), "b: rank 1 cannot write to /dev/shm")
    expectFinding(judge(1 << 30, .refused), "b: the system refuses process_vm_readv", "single_copy_mechanism=none")
    #expect(judge(1 << 30, .unknown).notChecked.count == 1)
  }

  @Test func transportsWithoutSharedMemory() {
    for (list, uses) in [
      (nil, true), ("self,tcp", false), ("vader,self", true), ("^vader", false), ("^openib,ofi", true),
    ] as [(String?, Bool)] {
      #expect(SharedMemoryCheck.usesSharedMemory(transports: list) == uses, "\(list ?? "unset")")
    }
  }

  @Test func clocks() {
    func judge(_ least: Double, _ most: Double) -> Verdict {
      ClockCheck().judge(seen(["a", "b"]) { $0 == 0 ? .init() : .init(least: least, most: most) })
    }
    expectWell(judge(-0.9, -0.8))
    expectWell(judge(-30, 30))  // a slow network tells nothing
    expectFinding(judge(4, 4.2), "the clock of b is 4.1 s ahead of that of a", "timedatectl set-ntp true on b")
    expectFinding(judge(-70, -60), "65 s behind")
  }

  @Test func clocksAreComparedByMessages() {
    // Ahead by 5 s; messages take 0.1 s one way and 0.3 s the other, and the second exchange was late.
    let (least, most) = ClockCheck.bounds(own: [15, 15.3, 25.8, 26.1], other: [10, 10.1, 20, 20.9])
    #expect(abs(least - 4.9) < 1e-9 && abs(most - 5.3) < 1e-9, "\(least) \(most)")
  }

  @Test func everyPairMeetsOnce() {
    for count in 0...9 {
      let rounds = NetworkCheck.rounds(of: count)
      let pairs = rounds.flatMap(\.self).map { [min($0.0, $0.1), max($0.0, $0.1)] }
      #expect(pairs.count == count * (count - 1) / 2 && Set(pairs).count == pairs.count, "\(count): \(pairs)")
      for round in rounds {
        #expect(Set(round.flatMap { [$0.0, $0.1] }).count == 2 * round.count, "\(count): \(round)")
      }
    }
  }

  /// Hosts of one rank each.
  private func network(
    _ hosts: [String] = ["a", "b", "c", "d"], filter: String? = nil, bridges: Bool = false,
    _ exchange: (Int, Int) -> (latency: Double, rate: Double)
  ) -> Verdict {
    return NetworkCheck().judge(
      seen(hosts) { rank in
        var interfaces = [
          NetworkInterface(name: "eth0", address: "10.0.0.\(rank + 1)", network: "10.0.0.0/24", megabits: 10000)
        ]
        if bridges { interfaces.insert(.init(name: "docker0", address: "172.17.0.1", network: "172.17.0.0/16"), at: 0) }
        let exchanges = hosts.indices.dropFirst(rank + 1).map { peer in
          let (latency, rate) = exchange(rank, peer)
          return NetworkCheck.Exchange(peer: peer, latencySeconds: latency, bytesPerSecond: rate)
        }
        return .init(interfaces: interfaces, filter: filter, exchanges: exchanges)
      })
  }

  @Test func aNetworkOfEqualPairs() {
    let verdict = network { one, _ in (20e-6 * Double(1 + one), 1e9) }
    expectWell(verdict)
    #expect(
      verdict.remarks == ["network: 6 pairs of hosts: 20 us to 60 us, 8 Gbit/s each way, both ways at once"],
      "\(verdict)")
    #expect(verdict.notChecked.isEmpty)
  }

  @Test func aSlowPair() {
    let slow = network { one, other in (20e-6, one == 1 && other == 3 ? 0.1e9 : 1e9) }
    let finding = expectFinding(slow, "b and d (20 us, 0.8 Gbit/s)", "median host's best (20 us, 8 Gbit/s)")
    #expect(finding?.what.contains("all of them") == false)
    expectFinding(network { one, other in (one == 0 && other == 1 ? 5e-3 : 20e-6, 1e9) }, "a and b (5 ms, 8 Gbit/s)")
  }

  @Test func aHostThatIsSlowWithAll() {
    expectFinding(
      network { one, other in (20e-6, other == 2 || one == 2 ? 0.1e9 : 2e9) }, "; all of them with c", "ethtool")
    expectFinding(
      network(["a", "b", "c"]) { _, other in (20e-6, other == 2 ? 0.1e9 : 2e9) }, "; all of them with c")
  }

  @Test func anAddressThatTwoHostsHave() {
    expectFinding(
      network(bridges: true) { _, _ in (20e-6, 1e9) }, "172.17.0.1 (docker0) is an address of a and of b and of c",
      "btl_tcp_if_include=10.0.0.0/24")
    expectWell(network(filter: "OMPI_MCA_btl_tcp_if_include", bridges: true) { _, _ in (20e-6, 1e9) })
  }

  @Test func twoRanksOfOneHostStandForAll() {
    let verdict = NetworkCheck().judge(
      seen(["a", "a", "a"]) { rank in
        let exchange = NetworkCheck.Exchange(peer: 1, latencySeconds: 1e-6, bytesPerSecond: 1e9)
        return .init(interfaces: [], exchanges: rank == 0 ? [exchange] : [])
      })
    expectWell(verdict)
    #expect(verdict.remarks.first?.hasPrefix("network: two ranks of a: 1 us, 8 Gbit/s") == true, "\(verdict)")
  }

  @Test func pairsThatWereNotMeasuredAreNotWell() {
    let verdict = NetworkCheck().judge(
      seen(["a", "b", "c"]) { rank in
        let exchange = NetworkCheck.Exchange(peer: 1, latencySeconds: 1e-6, bytesPerSecond: 1e9)
        return .init(interfaces: [], exchanges: rank == 0 ? [exchange] : [])
      })
    #expect(verdict.notChecked.first?.why == "only 1 of 3 pairs of hosts were measured", "\(verdict)")
  }

  @Test func sums() {
    func judge(_ isTree: Bool, power: Bool = true) -> Verdict {
      let tried = power ? [SumsCheck.Sum(name: "MPI_Allreduce of 16 Double", isTree: isTree)] : []
      return SumsCheck().judge(seen(["a", "b"]) { _ in .init(isPowerOfTwo: power, tried: tried) })
    }
    expectWell(judge(true))
    #expect(judge(true).remarks == ["sums: by MPI's all-reduce, in tree order"])
    expectFinding(judge(false), "MPI_Allreduce of 16 Double", "OMPI_MCA_coll")
    expectWell(judge(false, power: false))
    #expect(judge(false, power: false).remarks.first?.contains("own exchange") == true)
  }
}
