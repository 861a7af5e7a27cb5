internal import CKernels

extension PackedTensor {
  /// Adds `other` to this tensor, element by element, in place.
  public func add(_ other: PackedTensor) {
    precondition(count == other.count, "\(other.count) elements are added to \(count)")
    layout.forEachRows { rows in
      Kernels.active.add(row(rows.lowerBound), other.row(rows.lowerBound), rows.count * channels)
    }
  }

  /// A tensor of its own with the same elements.
  public func copied() -> PackedTensor {
    let copy = PackedTensor(layout: layout, channels: channels)
    copy.base.update(from: base, count: count)
    return copy
  }
}
