import SequenceData

extension HostileReader {
  /// Reads a data set of one folder from one input: `dataset.json` up to the first byte 0, which JSON cannot hold; then
  /// a byte n & 7 of sequences and a byte of features, element type and whether there are names; then the raw elements
  /// of `offsets.npy` (n + 1), `labels.npy` (n), `splits.npy` (n), `groups.npy` (n); where there are names, `names.txt` up
  /// to the next byte 0; the rest is `values.npy`, `[timesteps, features]`.
  ///
  /// What is missing at the end reads as zeros.
  func readDataset(_ bytes: UnsafeRawBufferPointer, _ bench: Workbench) throws {
    let json = bytes.prefix { $0 != 0 }
    var rest = bytes.dropFirst(json.count + 1)
    func take(_ count: Int) -> [UInt8] {
      let part = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
      return part + Array(repeating: 0, count: count - part.count)
    }
    let count = Int(take(1)[0] & 7)
    let layout = take(1)[0]
    let features = Int(layout & 3) + 1
    let (element, size) = layout & 4 == 0 ? ("|u1", 1) : ("<f4", 4)
    bench.write(json, to: "dataset.json")
    bench.write(array("<i8", "(\(count + 1),)", take(8 * (count + 1))), to: "offsets.npy")
    bench.write(array("<i4", "(\(count),)", take(4 * count)), to: "labels.npy")
    bench.write(array("|u1", "(\(count),)", take(count)), to: "splits.npy")
    bench.write(array("<i4", "(\(count),)", take(4 * count)), to: "groups.npy")
    var names = rest.prefix(0)
    if layout & 8 != 0 {
      names = rest.prefix { $0 != 0 }
      rest = rest.dropFirst(names.count + 1)
    }
    bench.write(names, to: "names.txt")
    let timesteps = rest.count / (features * size)
    bench.write(
      array(element, "(\(timesteps), \(features))", Array(rest.prefix(timesteps * features * size))), to: "values.npy")

    var inspected: (any Error)?
    do {
      let inspection = try DatasetInspection(at: bench.folder)
      precondition(!inspection.defects.contains { $0.description.isEmpty }, "a defect without a sentence")
    } catch { inspected = error }
    let dataset = try SequenceDataset(at: bench.folder)
    if let inspected { throw inspected }
    let lines = SequenceNames(dataset)
    for id in 0..<dataset.count {
      let values = dataset.length(of: id) * dataset.features
      let label = dataset.label(of: id)
      precondition(label.map { dataset.classes.indices.contains($0) } ?? true, "label \(label ?? -1) is no class")
      _ = (dataset.split(of: id), dataset.group(of: id))
      let name = lines?.name(of: id) ?? ""
      precondition(!name.utf8.contains(0x0A), "the name of sequence \(id) holds the one behind it")
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: values) { buffer in
        try dataset.copyValues(of: id, into: buffer)
      }
    }
    precondition(!dataset.fingerprint.isEmpty, "a data set without a fingerprint")
    try dataset.verifySeal()
  }

  /// An `.npy` file of version 1.0.
  private func array(_ descriptor: String, _ shape: String, _ elements: [UInt8]) -> [UInt8] {
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shape), }\n"
    let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(text.utf8.count), 0]
    return magic + Array(text.utf8) + elements
  }
}
