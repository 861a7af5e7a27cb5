#include "CKernels.h"
#include "isa.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(n) n##_avx2
#define LANES 8
#define ISA CK_AVX2
#define ISA_NAME "avx2"
#define FLUSHES_BY_MXCSR
#include "kernels/table.inc"
#pragma clang attribute pop
const struct ck_kernels *ck_table_avx2(void) { return &table_avx2; }
#else
const struct ck_kernels *ck_table_avx2(void) { return 0; }
#endif
