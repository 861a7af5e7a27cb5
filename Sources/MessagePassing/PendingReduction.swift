import CMPI
import Glibc

/// A nonblocking reduction under way. Its buffer belongs to MPI until ``test()`` gives true or ``wait()`` returns.
public final class PendingReduction {
  var requests: [MPI_Request?] = []
  /// Holds this operation in its list until it is complete: the cycle keeps both alive, whoever drops them.
  private let communicator: Communicator
  private var owner: AnyObject?

  init(communicator: Communicator, owner: AnyObject?) {
    self.communicator = communicator
    self.owner = owner
  }

  /// Whether the reduction is complete; moves it along if not. Not collective. Complexity: about a microsecond.
  public func test() throws(MPIError) -> Bool {
    while let last = requests.last {
      var request = last
      var done: Int32 = 0
      try check(MPI_Test(&request, &done, cmpi_status_ignore()), "MPI_Test")
      guard done != 0 else { return false }
      requests.removeLast()
    }
    release()
    return true
  }

  /// Returns when the reduction is complete.
  public func wait() throws(MPIError) {
    while let last = requests.last {
      var request = last
      try communicator.activity.waiting("MPI_Wait") { MPI_Wait(&request, cmpi_status_ignore()) }
      requests.removeLast()
    }
    release()
  }

  /// Returns when the reduction is complete, and leaves the core to others meanwhile: looks every half millisecond.
  public func waitAsleep() throws(MPIError) {
    while let last = requests.last {
      var request = last
      try communicator.activity.waiting("MPI_Test") {
        var done: Int32 = 0
        while true {
          let code = MPI_Test(&request, &done, cmpi_status_ignore())
          guard code == cmpi_success(), done == 0 else { return code }
          usleep(500)
        }
      }
      requests.removeLast()
    }
    release()
  }

  private func release() {
    owner = nil
    communicator.pending.removeAll { $0 === self }
  }
}
