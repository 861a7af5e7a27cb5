import CMPI

extension Communicator {
  /// Sends each rank a piece of `send`, and receives a piece from each into `receive`; pieces lie in rank order.
  ///
  /// Messages from rank to rank, all under way at once, so that no offset has to fit MPI's 32-bit counts.
  /// - Parameters:
  ///   - send: the pieces for rank 0, rank 1, …, of `sendCounts` elements.
  ///   - sendCounts: elements for each rank. What rank p has for q is what q has from p.
  ///   - receive: room for the pieces of rank 0, rank 1, …; does not overlap `send`.
  ///   - receiveCounts: elements from each rank.
  public func allToAll<Element: MPIElement>(
    _ send: UnsafeBufferPointer<Element>, counts sendCounts: [Int],
    into receive: UnsafeMutableBufferPointer<Element>, counts receiveCounts: [Int]
  ) throws(MPIError) {
    precondition(
      sendCounts.count == size && receiveCounts.count == size,
      "\(sendCounts.count) and \(receiveCounts.count) counts for \(size) ranks")
    let sent = sendCounts.reduce(0, +)
    let received = receiveCounts.reduce(0, +)
    precondition(sent <= send.count, "\(sent) elements to send of a buffer of \(send.count)")
    precondition(received <= receive.count, "\(received) elements do not fit a buffer of \(receive.count)")
    precondition(sendCounts[rank] == receiveCounts[rank], "a rank's piece for itself has two sizes")

    let datatype = Element.elementKind.datatype
    var requests: [MPI_Request?] = []
    var start = 0
    for peer in 0..<size {
      let count = receiveCounts[peer]
      if peer != rank, count > 0, let base = receive.baseAddress {
        try inPieces(count) { piece throws(MPIError) in
          var request: MPI_Request? = cmpi_request_null()
          try check(
            MPI_Irecv(
              base + start + piece.lowerBound, int32(piece.count), datatype, int32(peer), Communicator.exchangeTag,
              handle, &request), "MPI_Irecv")
          requests.append(request)
        }
      }
      start += count
    }
    // Each rank begins with its right neighbour, so that not all send to rank 0 first.
    for distance in 1..<Swift.max(size, 2) where size > 1 {
      let peer = (rank + distance) % size
      let count = sendCounts[peer]
      guard count > 0, let base = send.baseAddress else { continue }
      let start = sendCounts[..<peer].reduce(0, +)
      try inPieces(count) { piece throws(MPIError) in
        var request: MPI_Request? = cmpi_request_null()
        try check(
          MPI_Isend(
            base + start + piece.lowerBound, int32(piece.count), datatype, int32(peer), Communicator.exchangeTag,
            handle, &request), "MPI_Isend")
        requests.append(request)
      }
    }
    let own = sendCounts[rank]
    if own > 0, let from = send.baseAddress, let into = receive.baseAddress {
      (into + receiveCounts[..<rank].reduce(0, +)).update(from: from + sendCounts[..<rank].reduce(0, +), count: own)
    }
    try activity.collective("MPI_Waitall") {
      requests.isEmpty ? cmpi_success() : MPI_Waitall(int32(requests.count), &requests, cmpi_statuses_ignore())
    }
  }

  /// Marks the messages of ``allToAll(_:counts:into:counts:)``.
  private static var exchangeTag: Int32 { 17 }
}
