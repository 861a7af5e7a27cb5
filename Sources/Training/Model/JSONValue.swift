/// Any JSON, for descriptions that other programs read.
enum JSONValue: Codable, Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }
}

extension RecipeNode {
  /// The tree as JSON: unquoted scalars become numbers and truth values where they are.
  var json: JSONValue {
    switch content {
    case .mapping(let entries): .object(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value.json) }))
    case .sequence(let items): .array(items.map(\.json))
    case .scalar(let text, let quoted):
      if isNull {
        .null
      } else if quoted {
        .string(text)
      } else if let value = Int(text) {
        .integer(value)
      } else if let value = Double(text) {
        .number(value)
      } else if let value = Bool(text) {
        .boolean(value)
      } else {
        .string(text)
      }
    }
  }
}
