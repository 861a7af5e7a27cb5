extension HostileReader {
  /// What would cost this reader most, as far as anybody has thought of it.
  public var shapes: [HostileShape] {
    switch self {
    case .safetensors: Self.safetensorsShapes
    case .npy: Self.arrayShapes
    case .npz: Self.archiveShapes
    case .ts: Self.seriesShapes
    case .csv: Self.tableShapes
    case .jsonl: Self.linesShapes
    case .wav: Self.recordingShapes
    case .fastq: Self.readShapes
    case .recordings: Self.recordingsShapes
    case .idx: Self.imageShapes
    case .text: Self.textShapes
    case .dataset: Self.datasetShapes
    case .recipe: Self.recipeShapes
    }
  }

  private static func safetensors(_ header: String) -> [UInt8] {
    let count = header.utf8.count
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8)
  }

  private static let safetensorsShapes = [
    HostileShape("tensors") {
      let entries = HostileShape.count { "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}," }
      return safetensors("{" + entries.dropLast() + "}")
    },
    HostileShape("metadata") {
      safetensors("{\"__metadata__\":{" + HostileShape.count { "\"\($0)\":\"\"," }.dropLast() + "}}")
    },
    HostileShape("text") { safetensors("{\"a\":{\"dtype\":\"" + HostileShape.fill("U") + "\"}}") },
    HostileShape("nested") { safetensors(HostileShape.fill("{\"a\":")) },
    HostileShape("extents") { safetensors("{\"a\":{\"shape\":[" + HostileShape.fill("1,") + "1]}}") },
  ]

  private static let textShapes = [
    HostileShape("line", text: { "a\t" + HostileShape.fill("b") }),
    HostileShape("lines", text: { HostileShape.fill("a\n") }),
    HostileShape("labels", text: { HostileShape.count { "\($0 % 70_000)\tb\n" } }),
    HostileShape("gzip-bomb") { HostileShape.gzip("a\t") },
  ]

  private static let arrayShapes = [
    HostileShape("bytes") { HostileShape.npy("|u1", "(1048576,)") + Array(repeating: 1, count: HostileShape.size) },
    HostileShape("overflow") { HostileShape.npy("<f8", "(4611686018427387904, 4)") },
    HostileShape("header") {
      [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 2, 0, 0, 0, 16, 0] + Array(HostileShape.fill("{'descr': ").utf8)
    },
  ]

  private static let archiveShapes = [
    HostileShape("values-bomb") {
      let size = (HostileShape.size + 1) * 1032
      let start = HostileShape.npy("|u1", "(1, \(size))")
      return HostileShape.zip([("X.npy", HostileShape.bomb(start, count: HostileShape.size), start.count + size)])
    },
    HostileShape("labels-bomb") {
      // Less than the bound, so that it is read.
      let count = 17_000
      let start = HostileShape.npy("|u1", "(\(count * 1032),)")
      let member = HostileShape.bomb(start, count: count - 1)
      return HostileShape.zip([
        ("values.npy", HostileShape.bomb(HostileShape.npy("|u1", "(0,)"), count: 1), 68 + 2064),
        ("offsets.npy", member, start.count + count * 1032),
      ]) + Array(repeating: 0, count: 4)
    },
    HostileShape("members") {
      let empty = HostileShape.npy("|u1", "(0,)")
      return HostileShape.zip((0..<10_000).map { ("\($0).npy", [3, 0], empty.count) })
    },
  ]

  private static let seriesShapes = [
    HostileShape("channels", text: { "@data\n" + HostileShape.fill(":") + "\n" }),
    HostileShape(
      "long-and-wide",
      text: { "@data\n" + HostileShape.fill("1,").dropLast() + ":" + HostileShape.fill("1:") + "1\n" }),
    HostileShape("classes", text: { "@classLabel true" + HostileShape.count { " \($0)" } + "\n@data\n" }),
    HostileShape(
      "classes-and-cases",
      text: {
        "@classLabel true" + (0..<60_000).map { " \($0)" }.joined() + "\n@data\n"
          + (0..<60_000).map { "1:\($0)\n" }.joined()
      }),
    HostileShape("header", text: { HostileShape.fill("@a\n") }),
    HostileShape("gzip-bomb") { HostileShape.gzip("@data\n1") },
  ]

  private static let tableShapes = [
    HostileShape("fields", text: { HostileShape.fill(",") + "\n" + HostileShape.fill(",") }),
    HostileShape("values", text: { "x\n" + HostileShape.fill("1\n") }),
    HostileShape("row", text: { HostileShape.fill("1,") + "a\n" }),
    HostileShape("sequences", text: { "id,class,group,split,x\n" + HostileShape.count { "\($0),\($0),\($0),,1\n" } }),
    HostileShape("quotes", text: { HostileShape.fill("\"") + "\n" }),
    HostileShape("digits", text: { "x\n" + HostileShape.fill("1") + "\n" }),
    HostileShape("gzip-bomb") { HostileShape.gzip("x\n") },
  ]

  private static let linesShapes = [
    HostileShape("values", text: { "{\"values\":[" + HostileShape.fill("1,") + "1]}" }),
    HostileShape("timesteps", text: { "{\"values\":[" + HostileShape.fill("[1],") + "[1]]}" }),
    HostileShape("nested", text: { "{\"a\":" + HostileShape.fill("[") }),
    HostileShape("keys", text: { "{" + HostileShape.count { "\"\($0)\":1," } + "\"values\":[1]}" }),
    HostileShape("labels", text: { HostileShape.count { "{\"values\":[1],\"label\":\($0 % 70_000)}\n" } }),
    HostileShape("string", text: { "{\"a\":\"" + HostileShape.fill("\\u0041") + "\"}" }),
    HostileShape("gzip-bomb") { HostileShape.gzip("{\"values\":[1") },
  ]

  private static func recording(_ chunks: [UInt8]) -> [UInt8] {
    Array("RIFF\0\0\0\0WAVE".utf8) + Array("fmt ".utf8) + [16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0]
      + [1, 0, 8, 0] + chunks
  }

  private static let recordingShapes = [
    HostileShape("samples") {
      recording(Array("data".utf8) + [0, 0, 16, 0] + Array(repeating: 1, count: HostileShape.size))
    },
    HostileShape("chunks") { recording(Array(repeating: 0, count: HostileShape.size)) },
    HostileShape("claim") { recording(Array("data".utf8) + [255, 255, 255, 255]) },
  ]

  private static let readShapes = [
    HostileShape("lines", text: { "@r\n" + HostileShape.fill("A\n") + "+\n" }),
    HostileShape("empty-lines", text: { "@r\nA\n+\n" + HostileShape.fill("\n") }),
    HostileShape("reads", text: { HostileShape.fill("@r\nA\n+\nI\n") }),
    HostileShape("gzip-bomb") { HostileShape.gzip("@r\n") },
    HostileShape("gzip-members") {
      Array(repeating: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0], count: 50_000).flatMap { $0 }
    },
  ]

  private static func recordings(_ index: String, _ segments: String, _ bytes: Int) -> [UInt8] {
    Array(index.utf8) + [0] + Array(segments.utf8) + [0] + Array(repeating: 1, count: bytes)
  }

  private static let recordingsShapes = [
    HostileShape("rows") {
      recordings("id,offset,length\n" + HostileShape.count { "\($0),\($0),1\n" }, "exp,start,end\n1,1,1\n", 1 << 20)
    },
    HostileShape("segments") {
      recordings(
        "id,offset,length\na,0,400000\n",
        "exp,start,end,class\n" + HostileShape.count { "a,\(4 * $0 + 1),\(4 * $0 + 4),\($0)\n" }, 800_000)
    },
    HostileShape("claim") { recordings("id,offset,length\na,0,1099511627776\n", "exp,start,end\n", 16) },
  ]

  private static func images(_ extents: [UInt32], _ values: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 8, UInt8(extents.count)]
    for extent in extents { withUnsafeBytes(of: extent.bigEndian) { bytes += $0 } }
    return bytes + values
  }

  private static let imageShapes = [
    HostileShape("images") {
      images([UInt32(HostileShape.size / 16), 4, 4], Array(repeating: 1, count: HostileShape.size))
    },
    HostileShape("one-image") {
      images([1, UInt32(HostileShape.size), 1], Array(repeating: 1, count: HostileShape.size))
    },
    HostileShape("claim") { images([.max, .max, 1], [1]) },
    HostileShape("gzip-bomb") { HostileShape.gzip("\0\0\u{8}\u{2}\0\0\0\u{4}\0\u{10}\0\0") },
  ]

  private static func manifest(_ more: String) -> String {
    "{\"format\":\"lockstep-dataset\",\"version\":1,\"features\":1,\"values\":{\"kind\":\"reals\"},\(more)}"
  }

  private static let datasetShapes = [
    HostileShape("nested", text: { HostileShape.fill("{\"a\":") }),
    HostileShape("lists", text: { HostileShape.fill("[") }),
    HostileShape("classes", text: { manifest("\"shards\":[],\"classes\":[" + HostileShape.fill("\"\",") + "\"\"]") }),
    HostileShape(
      "shards",
      text: {
        manifest(
          "\"shards\":["
            + HostileShape.count { "{\"values\":\"\($0)\",\"offsets\":\"a\($0)\"}," }.dropLast() + "]")
      }),
    HostileShape("digits", text: { "{\"version\":" + HostileShape.fill("1") + "}" }),
    HostileShape("unknown", text: { manifest("\"shards\":[],\"a\":[" + HostileShape.fill("0,") + "0]") }),
  ]

  private static let recipeShapes = [
    HostileShape("too-long", text: { HostileShape.fill("a: 1\n") }),
    HostileShape("items", text: { "a:\n" + String(repeating: "- a\n", count: 32_000) }),
    HostileShape("flow", text: { "a: " + String(repeating: "[", count: 131_000) }),
    HostileShape("maps", text: { String(repeating: "{a: ", count: 32_000) }),
    HostileShape("blocks", text: { String(repeating: "- ", count: 65_000) }),
    HostileShape("questions", text: { String(repeating: "? ", count: 65_000) }),
    HostileShape("keys", text: { (0..<9_000).map { "k\($0): 1\n" }.joined() }),
    HostileShape("long-key", text: { "modex" + String(repeating: "l", count: 130_000) + ": 1\n" }),
    HostileShape("long-value", text: { "model: \"" + String(repeating: "l", count: 130_000) + "\"\n" }),
    HostileShape(
      "aliases",
      text: {
        let doubled = (1...15).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        return "a0: &a0 [x, x]\n" + doubled + "? *a15\n: 1\n"
      }),
    HostileShape(
      "few-aliases",
      text: {
        let tripled = (1...2).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        return "a0: &a0 [\(String(repeating: "x, ", count: 40_000))]\n" + tripled + "? *a2\n: 1\n"
      }),
  ]
}
