import CMPI

extension Communicator {
  /// Two ranks send each other as many elements, both at once; only these two call it.
  /// - Parameters:
  ///   - peer: the other rank.
  ///   - send: this rank's elements.
  ///   - receive: room for as many of the peer's; does not overlap `send`.
  public func exchange<Element: MPIElement>(
    with peer: Int, _ send: UnsafeBufferPointer<Element>, into receive: UnsafeMutableBufferPointer<Element>
  ) throws(MPIError) {
    precondition(peer != rank && (0..<size).contains(peer), "rank \(rank) of \(size) cannot exchange with \(peer)")
    precondition(receive.count >= send.count, "\(send.count) elements do not fit a buffer of \(receive.count)")
    let datatype = Element.elementKind.datatype
    try inPieces(send.count) { piece throws(MPIError) in
      try activity.waiting("MPI_Sendrecv") {
        MPI_Sendrecv(
          send.baseAddress! + piece.lowerBound, int32(piece.count), datatype, int32(peer), Communicator.pairTag,
          receive.baseAddress! + piece.lowerBound, int32(piece.count), datatype, int32(peer), Communicator.pairTag,
          handle, cmpi_status_ignore())
      }
    }
  }

  /// Two ranks send each other as many values, both at once; only these two call it.
  public func exchange<Element: MPIElement>(with peer: Int, _ values: [Element]) throws(MPIError) -> [Element] {
    var received = values
    try values.withUnsafeBufferPointer { send throws(MPIError) in
      try received.withUnsafeMutableBufferPointer { receive throws(MPIError) in
        try exchange(with: peer, send, into: receive)
      }
    }
    return received
  }

  /// Marks the messages between two ranks.
  private static var pairTag: Int32 { 18 }
}
