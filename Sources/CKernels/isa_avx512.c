#include "CKernels.h"
#include "isa.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define NAME(n) n##_avx512
#define LANES 16
#define MASKS
#define ISA CK_AVX512
#define ISA_NAME "avx512"
#define FLUSHES_BY_MXCSR
#include "kernels/table.inc"
#pragma clang attribute pop
const struct ck_kernels *ck_table_avx512(void) { return &table_avx512; }
#else
const struct ck_kernels *ck_table_avx512(void) { return 0; }
#endif
