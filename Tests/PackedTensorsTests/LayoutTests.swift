import PackedTensors
import TestSupport
import Testing

/// Lanes, their tree, and where sequences lie.
@Suite struct LayoutTests {
  @Test func ranksShareTheLanesInOrder() {
    for lanes in [1, 2, 4, 8, 16, 32] {
      for ranks in 1...lanes {
        let parts = (0..<ranks).map { LaneTree.lanes(ofRank: $0, of: ranks, lanes: lanes) }
        #expect(parts.flatMap(Array.init) == Array(0..<lanes), "\(lanes) lanes on \(ranks) ranks: \(parts)")
        let sizes = parts.map(\.count)
        #expect(sizes.max()! - sizes.min()! <= 1, "\(lanes) lanes on \(ranks) ranks: \(sizes)")
      }
    }
  }

  @Test func nodesAreTheLargestAlignedSubtrees() {
    for lanes in [1, 2, 4, 8, 16, 32] {
      let depth = lanes.trailingZeroBitCount
      for first in 0..<lanes {
        for last in first...lanes {
          let nodes = LaneTree.nodes(covering: first..<last)
          let name = "lanes \(first)..<\(last): \(nodes)"
          #expect(nodes.flatMap { Array($0.lanes) } == Array(first..<last), "\(name)")
          #expect(nodes.count <= max(1, 2 * depth), "\(name)")
          for node in nodes {
            // The parent reaches beyond the range: no larger aligned subtree would do.
            let parent = node.first / (2 * node.count) * 2 * node.count
            #expect(parent < first || parent + 2 * node.count > last, "\(name): \(node) is not the largest")
          }
        }
      }
      for ranks in 1...lanes where ranks & (ranks - 1) == 0 {
        for rank in 0..<ranks {
          let range = LaneTree.lanes(ofRank: rank, of: ranks, lanes: lanes)
          #expect(LaneTree.nodes(covering: range) == [.init(first: range.lowerBound, count: lanes / ranks)])
        }
      }
    }
  }

  @Test func aLayoutKnowsItsRows() {
    let layout = RaggedLayout(lengths: [3, 1, 0, 5], laneBounds: [0, 0, 2, 4], globalLengths: [3, 1, 0, 5, 9])
    #expect(layout.offsets == [0, 3, 4, 4, 9])
    #expect(layout.timesteps == 9 && layout.globalTimesteps == 18 && layout.sequences == 4 && layout.carriedLanes == 3)
    #expect(layout.rows(of: 3) == 4..<9 && layout.length(of: 2) == 0 && layout.sequences(ofLane: 1) == 0..<2)
    let strided = layout.strided(by: 2)
    #expect(
      strided.offsets == [0, 2, 3, 3, 6] && strided.globalLengths == [2, 1, 0, 3, 5]
        && strided.laneBounds == layout.laneBounds)
    #expect(layout.strided(by: 1) == layout)
    #expect(layout.pooled.offsets == [0, 1, 2, 3, 4] && layout.pooled.globalLengths == [1, 1, 1, 1, 1])
  }

  @Test func leavesComeInCanonicalOrder() {
    let leaf = KernelSizes.leaf
    let layout = RaggedLayout(lengths: [leaf, 0, leaf + 1, 1], laneBounds: [0, 2, 2, 4])
    var seen: [[Int]] = []
    layout.forEachLeaf { seen.append([$0, $1, $2.lowerBound, $2.upperBound]) }
    #expect(seen == [[0, 0, 0, leaf], [2, 2, 0, leaf], [2, 2, leaf, leaf + 1], [2, 3, 0, 1]])
  }

  @Test func laneSumsAreSlices() {
    var sums = LaneSums(lanes: 3, count: 2)
    sums.values[3] = 4
    #expect(Array(sums[0]) == [0, 0] && Array(sums[1]) == [0, 4] && Array(sums[2]) == [0, 0])
  }

  @Test func aViewSharesItsStorage() {
    let x = PackedTensor(layout: RaggedLayout(lengths: [2, 4]), channels: 3, elements: (0..<18).map { Float($0) })
    let view = x.viewed(as: RaggedLayout(lengths: [1, 2]), channels: 6)
    #expect(view.elements == x.elements && view.base == x.base)
  }
}
