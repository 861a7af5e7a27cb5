#include "revision.h"

// `git archive` puts the commit in place of the format (.gitattributes), so that an archive's builds know it without git.
static const char archived[] = "$Format:%H$";

const char *lockstep_revision(void) {
#ifdef LOCKSTEP_REVISION
  return LOCKSTEP_REVISION;
#else
  return archived[0] == '$' ? "" : archived;
#endif
}
