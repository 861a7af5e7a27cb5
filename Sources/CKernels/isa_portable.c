#include "CKernels.h"
#include "isa.h"
// No instruction set assumed beyond the target's baseline: where that has no fused multiply-add, the C library's correctly
// rounded fmaf serves. Slow, and the specification of the others' bits.
#define NAME(n) n##_portable
#define LANES 4
#define ISA CK_PORTABLE
#define ISA_NAME "portable"
#include "kernels/table.inc"
const struct ck_kernels *ck_table_portable(void) { return &table_portable; }
