#include "SixteenLanes.h"
#define NAME(n) n##_sixteen_lanes
#define LANES 16
#define ISA CK_PORTABLE  // nobody asks it
#define ISA_NAME "sixteen lanes"
// Vectors that no register holds are not passed to any function that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FLUSHES_BY_MXCSR
#include "kernels/table.inc"
#pragma clang attribute pop
#else
#include "kernels/table.inc"
#endif

const struct ck_kernels *ck_table_sixteen_lanes(void) {
#if defined(__x86_64__)
  if (!ck_kernels_for(CK_AVX2)) return 0;
#endif
  return &table_sixteen_lanes;
}
