import ArrayFiles
import Checkpoints
import DataParallel
import FoundationEssentials
import MessagePassing

/// Tensors and what describes them, read by rank 0 and held by every rank: only its host needs the files.
struct SharedTensors<Description: Codable & SendableMetatype> {
  let tensors: [NamedTensor]
  let description: Description

  /// Rank 0 runs `read`; what it gives, or its error, reaches all ranks. Collective. O(elements).
  init(
    _ agreement: Agreement, _ communicator: Communicator,
    _ read: () throws -> (tensors: [NamedTensor], description: Description)
  ) throws {
    var own: [NamedTensor] = []
    let header = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      let (tensors, description) = try read()
      own = tensors
      return Array(StableJSON.encode(Header(description: description, tensors: tensors.map(Header.Tensor.init))))
    }
    let shared = try JSONDecoder().decode(Header.self, from: Data(header))
    var tensors: [NamedTensor] = []
    for (index, tensor) in shared.tensors.enumerated() {
      let elements = own.isEmpty ? tensor.noElements : own[index].elements
      tensors.append(
        NamedTensor(name: tensor.name, shape: tensor.shape, elements: try communicator.broadcast(elements)))
    }
    self.tensors = tensors
    description = shared.description
  }

  /// SHA-256 of description, names, shapes and elements.
  var digest: String {
    var stream = Checksum.Stream()
    let header = Header(description: description, tensors: tensors.map(Header.Tensor.init))
    StableJSON.encode(header).withUnsafeBytes { stream.update($0) }
    for tensor in tensors {
      switch tensor.elements {
      case .float32(let values): values.withUnsafeBytes { stream.update($0) }
      case .int64(let values): values.withUnsafeBytes { stream.update($0) }
      case .float64(let values): values.withUnsafeBytes { stream.update($0) }
      }
    }
    return stream.finalize()
  }

  /// All but the elements.
  private struct Header: Codable {
    struct Tensor: Codable {
      enum Kind: String, Codable { case float32, float64, int64 }

      var name: String
      var shape: [Int]
      var kind: Kind

      init(_ tensor: NamedTensor) {
        (name, shape) = (tensor.name, tensor.shape)
        switch tensor.elements {
        case .float32: kind = .float32
        case .float64: kind = .float64
        case .int64: kind = .int64
        }
      }

      /// What a rank that has none yet brings to the broadcast.
      var noElements: NamedTensor.Elements {
        switch kind {
        case .float32: .float32([])
        case .float64: .float64([])
        case .int64: .int64([])
        }
      }
    }

    var description: Description
    var tensors: [Tensor]
  }
}

extension Communicator {
  /// Rank 0's elements, on every rank; all give the same type.
  fileprivate func broadcast(_ elements: NamedTensor.Elements) throws -> NamedTensor.Elements {
    switch elements {
    case .float32(let values): .float32(try broadcast(values))
    case .float64(let values): .float64(try broadcast(values))
    case .int64(let values): .int64(try broadcast(values))
    }
  }
}
