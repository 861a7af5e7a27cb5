// own-encoder RECIPE DATA OUT: pretrains by a recipe that may say `encoder: {kind: pyramid}` and `objective: {kind: direction}`;
// alone or under mpirun.
import Glibc
import MessagePassing
import Training

guard CommandLine.arguments.count == 4 else {
  World.abort(code: 64, message: "usage: own-encoder RECIPE DATA OUT")
}
RecipeKinds.add(encoder: PyramidRecipe.self)
RecipeKinds.add(objective: DirectionRecipe.self)
let job = TrainingJob(
  .pretrain, recipe: CommandLine.arguments[1], data: CommandLine.arguments[2], out: CommandLine.arguments[3])
exit(World.run(exitCode: TrainingError.exitCode) { world in try TrainingSession.run(job, world.communicator) })
