extension SafetensorsFile {
  /// Writes tensors to a file that appears whole or not at all.
  public static func write(
    _ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String
  ) throws(FileError) {
    try AtomicFile.write(to: path) { (writer: inout AtomicFile.Writer) throws(FileError) in
      try write(tensors, metadata: metadata, to: &writer)
    }
  }

  /// Writes tensors as a safetensors file; equal tensors and metadata give equal bytes, whatever their order.
  ///
  /// As the reference implementation does it: `__metadata__` first, then by type, wider ones first, then by name; the
  /// header is padded with blanks to a multiple of 8. `format: pt` is put into the metadata unless it says otherwise.
  /// No two tensors may have the same name.
  public static func write(
    _ tensors: [NamedTensor], metadata: [String: String] = [:], to writer: inout AtomicFile.Writer
  ) throws(FileError) {
    let tensors = tensors.sorted {
      let order = ($0.elements.order, $1.elements.order)
      return order.0 != order.1 ? order.0 < order.1 : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    let header = header(of: tensors, metadata: metadata)
    try writer.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try writer.write(header)
    for tensor in tensors {
      switch tensor.elements {
      case .int64(let values): try writer.write(values)
      case .float64(let values): try writer.write(values)
      case .float32(let values): try writer.write(values)
      }
    }
  }

  private static func header(of tensors: [NamedTensor], metadata: [String: String]) -> [UInt8] {
    let metadata = metadata.merging(["format": "pt"]) { given, _ in given }
    let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\(quoted($0.key)):\(quoted($0.value))" }
    var members = ["\"__metadata__\":{\(texts.joined(separator: ","))}"]
    var names: Set<String> = ["__metadata__"]
    var offset = 0
    for tensor in tensors {
      precondition(names.insert(tensor.name).inserted, "two tensors are named \(tensor.name)")
      let end = offset + tensor.elements.count * tensor.elements.type.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.elements.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    precondition(header.count <= SafetensorsHeader.largestHeader, "a header of \(header.count) bytes")
    return header
  }

  /// A JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension NamedTensor.Elements {
  /// How the elements are stored.
  var type: SafetensorsFile.ElementType {
    switch self {
    case .float32: .float32
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// The place of the type in the reference implementation's order.
  fileprivate var order: Int {
    switch self {
    case .int64: 0
    case .float64: 1
    case .float32: 2
    }
  }
}
