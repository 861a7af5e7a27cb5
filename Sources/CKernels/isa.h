#pragma once
struct ck_kernels;
const struct ck_kernels *ck_table_portable(void);
const struct ck_kernels *ck_table_avx2(void);
const struct ck_kernels *ck_table_avx512(void);
