import ArrayFiles
import PackedTensors
import SequenceData

/// Which sequences of a data set take part in a run.
public struct Selection: Sendable, Equatable {
  /// Ids, ascending.
  public let ids: [Int]

  /// SHA-256 of the ids: part of a run's identity.
  public var digest: String { Checksum.sha256(Array(ids.map(String.init).joined(separator: ",").utf8)) }

  /// Sequences for pretraining: those of `splits`, or a nested part of them.
  /// - Parameter fraction: share in (0, 1]; for one seed a smaller share's sequences are among a larger one's.
  static func unlabelled(
    _ dataset: SequenceDataset, splits: Set<Split>, classes: ChosenClasses, fraction: Double, seed: UInt64
  ) throws -> Selection {
    var ids = (0..<dataset.count).filter { splits.contains(dataset.split(of: $0)) && classes.contain($0) }
    guard !ids.isEmpty else {
      let names = splits.map(\.name).sorted().joined(separator: ", ")
      throw TrainingError.data(
        "\(dataset.path): no sequence\(classes.words) is in split \(names); nothing to pretrain on")
    }
    if fraction < 1 {
      let key = RandomKey(seed: seed, purpose: "selection.data-fraction")
      ids = nested(ids, count: max(1, Int((fraction * Double(ids.count)).rounded())), key: key)
    }
    return Selection(ids: ids)
  }

  /// Labelled training sequences, all or a part.
  static func labelled(
    _ dataset: SequenceDataset, classes: ChosenClasses, part: LabelPart, seed: UInt64
  ) throws -> Selection {
    let ids = (0..<dataset.count).filter {
      dataset.split(of: $0) == .train && dataset.label(of: $0) != nil && classes.contain($0)
    }
    switch part {
    case .all:
      guard !ids.isEmpty else {
        throw TrainingError.data(
          "\(dataset.path): no training sequence\(classes.words) has a label to learn from: import labels too (lockstep help data import), or learn without them (lockstep pretrain)"
        )
      }
      return Selection(ids: ids)
    case .fraction(let fraction):
      let key = RandomKey(seed: seed, purpose: "selection.label-fraction")
      var chosen: [Int] = []
      for (index, name) in dataset.classes.enumerated() where classes.contains(label: index) {
        let members = ids.filter { dataset.label(of: $0) == index }
        guard !members.isEmpty else {
          throw TrainingError.data(
            "\(dataset.path): class \(name) has no labelled training sequence, so no fraction of its labels can be taken"
          )
        }
        chosen += nested(members, count: max(1, Int((fraction * Double(members.count)).rounded())), key: key)
      }
      return Selection(ids: chosen.sorted())
    case .groups(let count):
      let groups = Set(ids.compactMap { dataset.group(of: $0) }).sorted()
      guard count <= groups.count else {
        throw TrainingError.usage(
          "--label-groups \(count): \(dataset.path) has \(groups.count) groups with labelled training sequences")
      }
      let key = RandomKey(seed: seed, purpose: "selection.label-groups")
      let taken = Set(nested(groups, count: count, key: key))
      return Selection(ids: ids.filter { dataset.group(of: $0).map(taken.contains) ?? false })
    }
  }

  /// Sequences of a split that have labels, or all of it; those of some classes, or of all.
  static func evaluated(
    _ dataset: SequenceDataset, split: Split?, labelledOnly: Bool, classes: ChosenClasses? = nil
  ) -> Selection {
    Selection(
      ids: (0..<dataset.count).filter {
        (split == nil || dataset.split(of: $0) == split) && (!labelledOnly || dataset.label(of: $0) != nil)
          && classes?.contain($0) ?? true
      })
  }

  /// The `count` members with the smallest draws, ascending.
  private static func nested(_ members: [Int], count: Int, key: RandomKey) -> [Int] {
    let draws = members.map { (key.uniformDouble(sequence: $0), $0) }
    return draws.sorted { $0 < $1 }.prefix(count).map(\.1).sorted()
  }
}

/// Which labels of the training split are used.
public enum LabelPart: Sendable, Equatable {
  /// All.
  case all
  /// A share of each class, at least one sequence of it.
  case fraction(Double)
  /// All labels of so many whole groups.
  case groups(Int)
}
