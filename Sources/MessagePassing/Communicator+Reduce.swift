import CMPI
import Tracing

extension Communicator {
  /// Waits until all ranks have come here.
  public func barrier() throws(MPIError) {
    guard size > 1 else { return }
    try activity.collective("MPI_Barrier") { MPI_Barrier(handle) }
  }

  /// Replaces `buffer`, element by element, by the reduction over all ranks. All ranks give the same count.
  ///
  /// Complexity: with the parameters that ``World`` sets, `2 (P-1)/P` times the buffer sent and received by each rank.
  public func allReduce<Element: MPIElement>(
    _ buffer: UnsafeMutableBufferPointer<Element>, _ reduction: Reduction
  ) throws(MPIError) {
    guard size > 1, let base = buffer.baseAddress else { return }
    let kind = Element.elementKind
    activity.timeline.ifOn?.reduces(bytes: buffer.count * MemoryLayout<Element>.stride)
    try inPieces(buffer.count) { piece throws(MPIError) in
      try activity.collective("MPI_Allreduce") {
        MPI_Allreduce(
          cmpi_in_place(), base + piece.lowerBound, int32(piece.count), kind.datatype, reduction.operation(on: kind),
          handle)
      }
    }
  }

  /// Replaces `values`, element by element, by the reduction over all ranks.
  public func allReduce<Element: MPIElement>(_ values: inout [Element], _ reduction: Reduction) throws(MPIError) {
    try values.withUnsafeMutableBufferPointer { buffer throws(MPIError) in try allReduce(buffer, reduction) }
  }

  /// The reduction of one value over all ranks.
  public func allReduce<Element: MPIElement>(_ value: Element, _ reduction: Reduction) throws(MPIError) -> Element {
    var values = [value]
    try allReduce(&values, reduction)
    return values[0]
  }

  /// Starts replacing `buffer` by the reduction over all ranks, and returns at once.
  ///
  /// MPI moves it along only inside ``PendingReduction/test()`` and ``PendingReduction/wait()`` (and other calls of
  /// MPI). Whoever starts it keeps the memory of `buffer` in place, and neither reads nor writes it, until one of them
  /// says that the reduction is complete. This communicator keeps the operation itself until then, so that it cannot be
  /// lost.
  /// - Parameter owner: kept alive until the operation is complete; give what owns the memory.
  public func startAllReduce<Element: MPIElement>(
    _ buffer: UnsafeMutableBufferPointer<Element>, _ reduction: Reduction, keeping owner: AnyObject? = nil
  ) throws(MPIError) -> PendingReduction {
    let operation = PendingReduction(communicator: self, owner: owner)
    guard size > 1, let base = buffer.baseAddress, buffer.count > 0 else { return operation }
    let kind = Element.elementKind
    pending.append(operation)
    activity.timeline.ifOn?.reduces(bytes: buffer.count * MemoryLayout<Element>.stride)
    try inPieces(buffer.count) { piece throws(MPIError) in
      var request: MPI_Request? = cmpi_request_null()
      try activity.collective("MPI_Iallreduce") {
        MPI_Iallreduce(
          cmpi_in_place(), base + piece.lowerBound, int32(piece.count), kind.datatype, reduction.operation(on: kind),
          handle, &request)
      }
      operation.requests.append(request)
    }
    return operation
  }
}
