#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A thread of its own that takes no signals: they stay with the one that trains.
public struct BackgroundThread: Sendable {
  private let thread: pthread_t

  /// Starts a thread that runs `body`; nil where the system gives none. Whoever keeps it calls ``wait()`` or ``detach()``
  /// once.
  public init?(_ body: @escaping @Sendable () -> Void) {
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var made = pthread_t()
    let pointer = Unmanaged.passRetained(Work(body)).toOpaque()
    let code = pthread_create(
      &made, nil,
      { pointer in
        Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
        return nil
      }, pointer)
    guard code == 0 else {
      Unmanaged<Work>.fromOpaque(pointer).release()
      return nil
    }
    thread = made
  }

  /// Returns when it has ended.
  public func wait() { pthread_join(thread, nil) }

  /// Lets it run for as long as it wants; nobody waits for it.
  public func detach() { pthread_detach(thread) }

  /// Carries a closure through C.
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
