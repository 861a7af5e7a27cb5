/// Events as they lie in TensorBoard's files: each a record of length, checksum of the length, event, checksum of it.
///
/// Source: TensorFlow's `record_writer.h` (TFRecord); all numbers are little-endian, the checksums masked CRC-32C.
public enum EventRecord {
  /// Appends an event's record to `bytes`.
  public static func append(_ event: TensorBoardEvent, to bytes: inout [UInt8]) {
    let data = event.message
    bytes.reserveCapacity(bytes.count + data.count + 16)
    let length = UInt64(data.count).littleEndian
    withUnsafeBytes(of: length) { length in
      bytes.append(contentsOf: length)
      append(CRC32C.masked(length), to: &bytes)
    }
    bytes.append(contentsOf: data)
    append(data.withUnsafeBytes(CRC32C.masked), to: &bytes)
  }

  private static func append(_ checksum: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: checksum.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
