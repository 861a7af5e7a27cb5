// Whether a processor's bfloat16 instructions give the bits that the portable kernels define, and whether they are worth using.
// kernels/bfloat16.inc says what was found on one maker's processors; where another's differed or are slow, the same bits come from
// the kernels that do without.
#include <time.h>
#include "isa.h"
#include "CKernels.h"

enum { ROWS = 32, ROUNDS = 24, WIDTH = 64, TRIALS = 8, CALLS = 8 };

static uint32_t next(uint64_t *state) {  // Marsaglia's xorshift64
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (uint32_t)(*state >> 32);
}
/// A number with the given exponent and any sign and fraction.
static uint32_t number(uint32_t exponent, uint64_t *state) { return (next(state) & 0x807FFFFF) | exponent << 23; }

/// Operands of one kind: near the smallest normal number, of every size, or with sums that cancel and overflow.
static void draw(int kind, uint64_t *state, uint32_t *x, uint32_t *w, float *y) {
  const uint32_t middle = 40 + next(state) % 24;
  for (int i = 0; i < (ROWS + CK_PANEL) * 2; i++) {
    uint32_t exponent = next(state) % 256;
    // Products of about 2⁻¹⁵⁰, half a denormal step, beside 2⁻¹²⁶ and denormals just below it.
    if (kind == 0) exponent = i < ROWS * 2 ? middle : 104 - middle + next(state) % 5 - 2;
    if (kind == 2) exponent = 186 + next(state) % 8;
    const uint32_t half = number(exponent, state) >> 16;
    uint32_t *pair = i < ROWS * 2 ? x + i / 2 : w + (i / 2 - ROWS);
    *pair = i % 2 ? *pair | half << 16 : half;
  }
  for (int i = 0; i < ROWS * CK_PANEL; i++) {
    union { uint32_t bits; float value; } start;
    start.bits = number(kind == 2 ? 240 + next(state) % 15 : next(state) % 256, state);
    if (kind == 1 && i % 4 == 0) start.bits = (start.bits & 0xFFFF0000) | 0x8000;  // ties
    if (kind == 0) start.bits = (start.bits & 0x80000000) | (0x007FFFFE + next(state) % 6);
    y[i] = start.value;
  }
}

static int same(float a, float b) {
  union { float value; uint32_t bits; } p = {a}, q = {b};
  return p.bits == q.bits || (a != a && b != b);
}

int ck_same_bfloat16(const struct ck_kernels *kernels, const struct ck_kernels *defined) {
  const struct ck_convolution one = {.in = 2, .out = CK_PANEL, .taps = 1, .stride = 1, .dilation = 1, .left = 0};
  uint64_t state = 0x9E3779B97F4A7C15;
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t x[ROWS], w[CK_PANEL], pairs[2][ROWS * CK_PANEL / 2 + CK_SLACK];
    float start[ROWS * CK_PANEL + CK_SLACK] = {0}, y[2][ROWS * CK_PANEL];
    draw(round % 3, &state, x, w, start);
    for (int which = 0; which < 2; which++) {
      const struct ck_kernels *set = which ? defined : kernels;
      for (int i = 0; i < ROWS * CK_PANEL; i++) y[which][i] = start[i];
      set->bfloat16_convolve(&one, x, 0, ROWS, w, 0, 1, y[which], CK_PANEL, 0, ROWS);
      set->bfloat16_rows(start, ROWS, CK_PANEL, pairs[which]);
    }
    for (int i = 0; i < ROWS * CK_PANEL; i++)
      if (!same(y[0][i], y[1][i])) return 0;
    for (int i = 0; i < ROWS * CK_PANEL / 2; i++)
      if (pairs[0][i] != pairs[1][i]) return 0;
  }
  return 1;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/// Seconds of a few convolutions of one tap and 64 channels on 32 rows.
static double timed(const struct ck_kernels *kernels, const uint32_t *x, const uint32_t *w, float *y) {
  const struct ck_convolution one = {.in = WIDTH, .out = WIDTH, .taps = 1, .stride = 1, .dilation = 1, .left = 0};
  const double before = seconds();
  for (int call = 0; call < CALLS; call++) kernels->bfloat16_convolve(&one, x, 0, ROWS, w, 0, 0, y, WIDTH, 0, ROWS);
  return seconds() - before;
}

int ck_faster_bfloat16(const struct ck_kernels *kernels, const struct ck_kernels *others) {
  uint32_t x[ROWS * WIDTH] = {0}, w[WIDTH * WIDTH] = {0};  // room for two words a pair
  float y[ROWS * WIDTH + CK_SLACK];
  double least = 1, others_least = 1;
  for (int trial = 0; trial < TRIALS; trial++) {
    const double taken = timed(kernels, x, w, y), others_taken = timed(others, x, w, y);
    if (taken < least) least = taken;
    if (others_taken < others_least) others_least = others_taken;
  }
  return least < others_least;
}
