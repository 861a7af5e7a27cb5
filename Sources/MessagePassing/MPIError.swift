import CMPI

/// A function of MPI returned an error code.
public struct MPIError: Error, Equatable, CustomStringConvertible {
  /// The function, for example "MPI_Allreduce".
  public let function: String
  /// The code that it returned.
  public let code: Int32
  /// The code's class, as `MPI_Error_class` gives it; the classes are listed in the MPI standard, section "Error Codes
  /// and Classes".
  public let errorClass: Int32
  /// MPI's own words for the code.
  public let message: String

  /// The code with which a job that fails so ends: an internal error.
  public var exitCode: Int32 { 70 }

  /// The sentence that is shown.
  public var description: String { "\(function) failed with code \(code) (class \(errorClass)): \(message)" }
}

/// The one checkpoint that every return code of MPI passes.
@inline(__always)
func check(_ code: Int32, _ function: StaticString) throws(MPIError) {
  if code != cmpi_success() { throw mpiError(code, function) }
}

/// Asks MPI what a code means.
@inline(never)
private func mpiError(_ code: Int32, _ function: StaticString) -> MPIError {
  var errorClass: Int32 = code
  MPI_Error_class(code, &errorClass)
  var length: Int32 = 0
  let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(cmpi_max_error_string()) + 1) { text in
    text.initialize(repeating: 0)
    MPI_Error_string(code, text.baseAddress, &length)
    return String(cString: text.baseAddress!)
  }
  return MPIError(function: "\(function)", code: code, errorClass: errorClass, message: message)
}
