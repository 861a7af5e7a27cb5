#pragma once
#include "CKernels.h"

/// The kernels as they are compiled for AVX-512, tiles of 16 lanes and all, for a processor with AVX2, or one that is no x86; null on an
/// x86 without AVX2. Slow: a register's lanes are two registers, or four. So that what AVX-512 computes is compared where there is none, but
/// for masked loads and stores, and the instructions for bfloat16.
const struct ck_kernels *ck_table_sixteen_lanes(void);
