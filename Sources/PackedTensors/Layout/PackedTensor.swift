/// The timesteps of many sequences one after another, `[timesteps, channels]`, row-major: no padding rows.
///
/// A value that shares its storage: operations write into tensors that they have just made, or that their documentation
/// says they overwrite. Not `Sendable`: a tensor belongs to the thread that computes with it.
public struct PackedTensor {
  /// Where each sequence lies.
  public let layout: RaggedLayout
  /// Channels of a timestep.
  public let channels: Int
  /// The elements, `layout.timesteps * channels` of them.
  public let storage: Storage

  /// A tensor with unspecified content.
  public init(layout: RaggedLayout, channels: Int) {
    self.layout = layout
    self.channels = channels
    storage = StoragePool.shared.lease(layout.timesteps * channels, growsWithTimesteps: true)
  }

  /// A tensor with the given elements, `[timesteps, channels]`.
  public init(layout: RaggedLayout, channels: Int, elements: [Float]) {
    precondition(
      elements.count == layout.timesteps * channels,
      "\(elements.count) elements do not fill \(layout.timesteps) timesteps of \(channels) channels")
    self.init(layout: layout, channels: channels)
    elements.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { storage.base.update(from: from, count: source.count) }
    }
  }

  /// No timesteps at all.
  public static var empty: PackedTensor { PackedTensor(layout: RaggedLayout(lengths: []), channels: 1) }

  /// Number of elements.
  public var count: Int { layout.timesteps * channels }
  /// The first element.
  public var base: UnsafeMutablePointer<Float> { storage.base }
  /// First element of row `index`.
  public func row(_ index: Int) -> UnsafeMutablePointer<Float> { storage.base + index * channels }
  /// A copy of all elements, `[timesteps × channels]`.
  public var elements: [Float] { Array(UnsafeBufferPointer(start: storage.base, count: count)) }

  /// Sets every element to `value`.
  public func fill(_ value: Float) { storage.base.update(repeating: value, count: count) }
}

/// One value a channel, with the readable elements behind its end that kernels need.
public struct ChannelVector: Sendable {
  /// The values and the slack.
  let padded: [Float]
  /// Channels.
  public let count: Int

  /// A vector of the given values.
  public init(_ values: [Float]) {
    count = values.count
    padded = values + [Float](repeating: 0, count: KernelSizes.slack)
  }

  /// The values.
  public var values: [Float] { Array(padded[..<count]) }
}

extension PackedTensor {
  /// The same elements seen with other rows: `layout.timesteps * channels` of them, as before. Storage is shared.
  public func viewed(as layout: RaggedLayout, channels: Int) -> PackedTensor {
    precondition(
      layout.timesteps * channels == count,
      "\(layout.timesteps) timesteps of \(channels) channels are not \(count) elements")
    return PackedTensor(layout: layout, channels: channels, storage: storage)
  }

  private init(layout: RaggedLayout, channels: Int, storage: Storage) {
    self.layout = layout
    self.channels = channels
    self.storage = storage
  }
}
