import Networks
import PackedTensors

/// What is minimised: which view of a batch the encoder sees, and the loss of what it makes of it.
///
/// An objective is a value: configuration and the handles of its own parameters (a head, a decoder, a mask vector).
public protocol Objective: Sendable {
  /// What the encoder sees and what is to be told from it.
  associatedtype View
  /// The parameters that are the objective's own.
  var range: Range<Int> { get }
  /// Whether `LossSums.correct` has a meaning.
  var countsCorrect: Bool { get }
  /// The losses that are minimised together; one without a name where there is only one.
  var parts: [ObjectivePart] { get }
  /// Whether the encoder reads the values of the batch as they are, so that another objective that does can use the same
  /// pass.
  var readsValues: Bool { get }
  /// The pooling before the head, where the loss reads nothing else of the encoder's output; none: it reads frames.
  var pooling: Pooling? { get }
  /// The share that stays of a moving average of the weights, where one is wanted.
  var averageDecay: Double? { get }
  /// How many sequences the loss compares with each other where it is validated; none: each has its own.
  var comparedSequences: Int? { get }
  /// Whether a step of one sequence teaches nothing, for want of another to tell it from.
  var needsOthers: Bool { get }
  /// Timesteps that every sequence must have, and the key of the recipe that asks for them.
  var shortestSequence: (timesteps: Int, key: String)? { get }

  /// Whether the objective runs the encoder by itself: then `loss` is given no embedding and returns no gradient.
  var runsEncoder: Bool { get }
  /// How many parts of the parameters are trained in turns; a step trains one of them.
  var turns: Int { get }
  /// Whose turn a step is, after so many others.
  func turn(at step: Int) -> Int
  /// Whether a parameter is trained in a turn.
  func trains(_ parameter: Parameter, in turn: Int) -> Bool

  /// The view of a batch, drawn by keys of (seed, epoch, sequence, frame); ``validation`` in place of an epoch where nothing
  /// is learned from it.
  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View
  /// A number for each sequence of a view, by which its dropout is drawn: the data set's id, unless the view has several
  /// of one.
  func ids(of view: View) -> [Int]
  /// The same for each part's view.
  func idsOfParts(of view: View) -> [[Int]]
  /// Timesteps of each view of a sequence of `length`.
  func viewLengths(of length: Int) -> [Int]
  /// What the encoder reads of a view.
  func input(of view: View) -> EncoderInput
  /// Adds to a view what averaged weights make of it; nothing goes back through that.
  func completed(_ view: View, by average: AveragedEncoder) throws -> View
  /// Takes from an accepted step what later ones need, into the pass's store. Collective.
  func observe(_ view: View, _ pass: ForwardPass) throws
  /// The loss's sum over a view, and, where a backward pass is given, its gradient with respect to the embedding; the
  /// objective's own parameters get theirs. What goes back begins with `BackwardPass/scale(_:count:)`.
  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?)
}

/// The embedding of an input by averaged weights, in evaluation, and the pass that a head can go on with.
public typealias AveragedEncoder = (_ input: EncoderInput, _ ids: [Int]) throws -> (PackedTensor, ForwardPass)

extension Objective {
  /// The epoch by which views are drawn where a model is validated: none of training.
  public static var validation: Int { -1 }
  /// One loss without a name.
  public var parts: [ObjectivePart] { [ObjectivePart(name: "", weight: 1, countsCorrect: countsCorrect)] }
  /// A view of its own.
  public var readsValues: Bool { false }
  /// It reads frames.
  public var pooling: Pooling? { nil }
  /// No average.
  public var averageDecay: Double? { nil }
  /// There is one part.
  public func idsOfParts(of view: View) -> [[Int]] { [ids(of: view)] }
  /// As it is.
  public func completed(_ view: View, by average: AveragedEncoder) throws -> View { view }
  /// Nothing.
  public func observe(_ view: View, _ pass: ForwardPass) throws {}
  /// The whole sequence.
  public func viewLengths(of length: Int) -> [Int] { [length] }
  /// Each has its own.
  public var comparedSequences: Int? { nil }
  /// It learns from any.
  public var needsOthers: Bool { false }
  /// Any will do.
  public var shortestSequence: (timesteps: Int, key: String)? { nil }
  /// The step runs it.
  public var runsEncoder: Bool { false }
  /// All at once.
  public var turns: Int { 1 }
  /// The only one.
  public func turn(at step: Int) -> Int { 0 }
  /// All are.
  public func trains(_ parameter: Parameter, in turn: Int) -> Bool { true }
}

/// One of the losses that an objective minimises.
public struct ObjectivePart: Sendable, Equatable {
  /// Its kind; empty where it is the only one.
  public let name: String
  /// What its mean is multiplied by in the sum.
  public let weight: Double
  /// Whether its `LossSums.correct` has a meaning.
  public let countsCorrect: Bool
}
