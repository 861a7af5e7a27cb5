/// Bytes of a protocol buffer message, field by field: what TensorBoard's events and ONNX's models are written in.
///
/// Only writing, and only the three wire types that those formats use. Source: the encoding as documented at
/// protobuf.dev, "Encoding".
public struct ProtobufWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  /// An empty message.
  public init() {}

  /// A message whose fields `body` writes.
  public init(_ body: (inout ProtobufWriter) -> Void) { body(&self) }

  /// An integer, enumeration or truth value (wire type 0). Negative values take ten bytes, as `int64` does.
  public mutating func integer(_ field: Int, _ value: Int) {
    tag(field, 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A `float` (wire type 5).
  public mutating func float(_ field: Int, _ value: Float) {
    tag(field, 5)
    append(value.bitPattern)
  }

  /// A `double` (wire type 1).
  public mutating func double(_ field: Int, _ value: Double) {
    tag(field, 1)
    append(value.bitPattern)
  }

  /// A `string` (wire type 2).
  public mutating func string(_ field: Int, _ value: String) { bytes(field, value.utf8) }

  /// `bytes` (wire type 2).
  public mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A message within this one (wire type 2).
  public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    bytes(field, ProtobufWriter(body).bytes)
  }

  /// A repeated integer, packed.
  public mutating func packed(_ field: Int, _ values: some Sequence<Int>) {
    var inner = ProtobufWriter()
    for value in values { inner.varint(UInt64(bitPattern: Int64(value))) }
    bytes(field, inner.bytes)
  }

  /// A repeated `double`, packed.
  public mutating func packed(_ field: Int, _ values: some Sequence<Double>) {
    var inner = ProtobufWriter()
    for value in values { inner.append(value.bitPattern) }
    bytes(field, inner.bytes)
  }

  private mutating func tag(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(_ pattern: some FixedWidthInteger) {
    withUnsafeBytes(of: pattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
