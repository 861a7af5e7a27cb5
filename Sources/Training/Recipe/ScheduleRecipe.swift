import Networks

/// The section `schedule`: by what the learning rate is multiplied at each step.
public protocol ScheduleRecipe: RecipeSection {
  /// Steps over which the learning rate rises from 0 to its peak.
  var warmupSteps: Int { get }

  /// What follows the warm-up.
  var course: LearningRateSchedule.Course { get }
}

/// `schedule: {kind: cosine}`: after the warm-up, half a cosine down to `final` at the last step.
public struct CosineRecipe: ScheduleRecipe, Equatable {
  /// Steps over which the learning rate rises.
  public var warmupSteps: Int
  /// The part of the peak that is left at the last step.
  public var final: Double

  /// The word under `kind`.
  public static let kind = "cosine"

  /// Reads the section.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    warmupSteps = try reader.integer("warmupSteps", in: 0...Int.max, default: 0)
    final = try reader.number("final", .part, default: 0)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("warmupSteps", warmupSteps)
    writer.write("final", final)
  }
}

/// `schedule: {kind: constant}`: the peak from the end of the warm-up on.
public struct ConstantRecipe: ScheduleRecipe, Equatable {
  /// Steps over which the learning rate rises.
  public var warmupSteps: Int

  /// The word under `kind`.
  public static let kind = "constant"

  /// Reads the section.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    warmupSteps = try reader.integer("warmupSteps", in: 0...Int.max, default: 0)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) { writer.write("warmupSteps", warmupSteps) }
}

/// `schedule: {kind: step}`: multiplied by `factor` after every `every` steps.
public struct StepRecipe: ScheduleRecipe, Equatable {
  /// Steps over which the learning rate rises.
  public var warmupSteps: Int
  /// Steps between two falls.
  public var every: Int
  /// What the learning rate is multiplied by at each fall.
  public var factor: Double

  /// The word under `kind`.
  public static let kind = "step"

  /// Reads the section.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    warmupSteps = try reader.integer("warmupSteps", in: 0...Int.max, default: 0)
    every = try reader.integer("every")
    factor = try reader.number("factor", .properPart, default: 0.1)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("warmupSteps", warmupSteps)
    writer.write("every", every)
    writer.write("factor", factor)
  }
}

extension CosineRecipe {
  /// Half a cosine.
  public var course: LearningRateSchedule.Course { .cosine(final: final) }
}

extension ConstantRecipe {
  /// The full rate.
  public var course: LearningRateSchedule.Course { .constant }
}

extension StepRecipe {
  /// Falls at equal distances.
  public var course: LearningRateSchedule.Course { .step(every: every, factor: factor) }
}
