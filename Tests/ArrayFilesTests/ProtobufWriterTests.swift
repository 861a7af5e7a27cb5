import ArrayFiles
import Testing

/// Messages against the examples of the encoding's documentation, and against bytes worked out by hand.
@Suite struct ProtobufWriterTests {
  @Test func integers() {
    #expect(ProtobufWriter { $0.integer(1, 150) }.bytes == [0x08, 0x96, 0x01])
    #expect(ProtobufWriter { $0.integer(1, 0) }.bytes == [0x08, 0x00])
    #expect(
      ProtobufWriter { $0.integer(1, -2) }.bytes == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
    #expect(ProtobufWriter { $0.integer(16, 1) }.bytes == [0x80, 0x01, 0x01])
  }

  @Test func textsAndMessages() {
    #expect(ProtobufWriter { $0.string(2, "testing") }.bytes == [0x12, 0x07] + Array("testing".utf8))
    #expect(
      ProtobufWriter { $0.message(3) { $0.integer(1, 150) } }.bytes == [0x1a, 0x03, 0x08, 0x96, 0x01])
    #expect(ProtobufWriter { $0.string(2, "") }.bytes == [0x12, 0x00])
  }

  @Test func numbers() {
    #expect(ProtobufWriter { $0.float(2, 1) }.bytes == [0x15, 0, 0, 0x80, 0x3f])
    #expect(ProtobufWriter { $0.double(1, -2) }.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0, 0xc0])
  }

  @Test func packedFields() {
    #expect(
      ProtobufWriter { $0.packed(6, [3, 270, 86942]) }.bytes
        == [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05])
    #expect(ProtobufWriter { $0.packed(7, [0.0]) }.bytes == [0x3a, 0x08, 0, 0, 0, 0, 0, 0, 0, 0])
  }
}
