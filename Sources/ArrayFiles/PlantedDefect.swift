/// Whether one check of each reader of files is left out, by which the fuzzers show that they would find that out.
/// Only `launch/fuzz --planted` builds it so.
package enum PlantedDefect {
  #if LOCKSTEP_PLANTED_DEFECT
    /// Left out.
    package static let isHere = true
  #else
    /// Nothing is left out.
    package static let isHere = false
  #endif
}
