#include "CKernels.h"
#include "isa.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static int supported(enum ck_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (isa) {
    case CK_AVX512BF16: {
      static _Atomic int known;  // 1: no, 2: yes
      if (!supported(CK_AVX512) || !__builtin_cpu_supports("avx512bf16")) return 0;
      if (!known) known = 1 + ck_same_bfloat16(ck_table_avx512bf16(), ck_table_portable());
      return known == 2;
    }
    case CK_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
    case CK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default: return 1;
  }
#else
  return isa == CK_PORTABLE;
#endif
}

const struct ck_kernels *ck_kernels_for(enum ck_isa isa) {
  if (!supported(isa)) return 0;
  switch (isa) {
    case CK_AVX512BF16: return ck_table_avx512bf16();
    case CK_AVX512: return ck_table_avx512();
    case CK_AVX2: return ck_table_avx2();
    default: return ck_table_portable();
  }
}

enum ck_isa ck_best_isa(void) {
  if (supported(CK_AVX512BF16) && ck_faster_bfloat16(ck_table_avx512bf16(), ck_table_avx512())) return CK_AVX512BF16;
  return supported(CK_AVX512) ? CK_AVX512 : supported(CK_AVX2) ? CK_AVX2 : CK_PORTABLE;
}

void ck_set_float_environment(void) {
#if defined(__x86_64__)
  _mm_setcsr(0x1F80);
#endif
}
