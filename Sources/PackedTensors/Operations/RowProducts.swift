/// Products of rows with many others, as contrastive losses need them: a convolution of one tap.
enum RowProducts {
  /// `x Wᵀ` of a weight `[outputs, channels]`: `[rows, outputs]`.
  static func multiply(_ x: PackedTensor, by weight: [Float], outputs: Int) -> PackedTensor {
    var none: MomentSums?
    return weight.withUnsafeBufferPointer {
      Convolution.forward(
        ConvolutionGeometry(inputChannels: x.channels, outputChannels: outputs, kernel: 1), NormalisedInput(x),
        weight: $0.baseAddress!, bias: nil, moments: &none)
    }
  }
}
