#pragma once
struct ck_kernels;
const struct ck_kernels *ck_table_portable(void);
const struct ck_kernels *ck_table_avx2(void);
const struct ck_kernels *ck_table_avx512(void);
const struct ck_kernels *ck_table_avx512bf16(void);
/// Whether two sets, both of one word a pair of bfloat16, convolve and round with equal bits, as far as some thousand awkward operands
/// show.
int ck_same_bfloat16(const struct ck_kernels *kernels, const struct ck_kernels *defined);
/// Whether the first set multiplies bfloat16 faster than the second, now: in turn, some tens of microseconds each.
int ck_faster_bfloat16(const struct ck_kernels *kernels, const struct ck_kernels *others);
