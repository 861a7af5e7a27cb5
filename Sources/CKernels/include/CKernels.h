/// Numeric microkernels on raw pointers, compiled for several instruction sets behind one table.
///
/// Every kernel gives the same bits on every instruction set: each output element is one chain of fused multiply-adds, or of
/// dot products of bfloat16 pairs, in an order that neither the vector width nor the tile decides, and a sum over timesteps is
/// formed leaf by leaf (CK_LEAF rows).
/// Nothing here allocates, blocks or starts a thread. Rows are timesteps, row-major; counts are in elements unless named.
/// Buffers that kernels read by whole vectors need CK_SLACK readable floats behind their last element. What lies behind a row's
/// channels may be another thread's row: it may be read, and is then not used, but never written.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Timesteps of one leaf of the canonical sum. Frozen: another value gives other bits.
#define CK_LEAF 96
/// Output channels are computed in panels of this many; packed weights are padded to it.
#define CK_PANEL 16
/// Readable floats behind the end of every activation buffer.
#define CK_SLACK 64

/// Rows of the output that a tile of toom_cook_convolve gives, and products of channels that it takes.
#define CK_TOOM_ROWS 4
#define CK_TOOM_POINTS 6
/// Floats of a leaf's tiles at one point; of one row more, so that the points do not fall into the same sets of a cache.
static inline ptrdiff_t ck_toom_pitch(ptrdiff_t channels) { return (CK_LEAF / CK_TOOM_ROWS + 1) * channels; }
/// Channels with the padding to whole panels.
static inline ptrdiff_t ck_whole_panels(ptrdiff_t channels) { return (channels + CK_PANEL - 1) / CK_PANEL * CK_PANEL; }
/// Floats of memory that toom_cook_convolve and toom_cook_weight_gradient work in.
static inline ptrdiff_t ck_toom_scratch(ptrdiff_t in, ptrdiff_t out) {
  return CK_TOOM_POINTS * (ck_toom_pitch(in) + ck_toom_pitch(ck_whole_panels(out)));
}

enum ck_isa { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_AVX512BF16 = 3 };
/// What a convolution does beside its sums: bits of `how`.
enum ck_output { CK_ADD = 1, CK_RECTIFY = 2 };
enum ck_activation { CK_IDENTITY = 0, CK_RELU = 1, CK_GELU = 2, CK_LEAKY_RELU = 3 };

/// Memory that the caller's next call will read and write: `lines` lines of 64 bytes from each of a few places. A kernel that is
/// given it fetches them into the second cache while it computes, some with each tile, and counts down what is left. Places past a
/// buffer's end do no harm.
#define CK_PLACES 4
struct ck_ahead {
  const void *at[CK_PLACES];
  ptrdiff_t lines[CK_PLACES];
  /// Lines that are counted off for a tile, at most: kernels set it. A short tile asks for more.
  ptrdiff_t each;
};

/// A convolution over one sequence: output row t reads input rows t·stride − left + k·dilation for the taps k = 0 ..< taps;
/// taps outside 0 ..< length are skipped.
struct ck_convolution {
  ptrdiff_t in, out, taps, stride, dilation, left;
  /// What to fetch meanwhile; may be null.
  struct ck_ahead *ahead;
};

/// The end of a residual block, `channels` values of each: the branch x goes through x·scale + shift, and x·inverse + offset is its
/// normalised value before gain and bias; the skip r likewise, or as it is where r_scale and the other three are null.
struct ck_join {
  ptrdiff_t channels;
  enum ck_activation act;
  const float *scale, *shift, *inverse, *offset;
  const float *r_scale, *r_shift, *r_inverse, *r_offset;
};

/// Keys of a block of attention, and queries of a tile (at most a leaf): a tile of scores and a block of keys fit the first cache.
/// Frozen: other values give other bits.
#define CK_ATTENTION_KEYS 128
#define CK_ATTENTION_ROWS 48

/// Attention of one head over one sequence: `length` timesteps of `depth` channels. Rows of q, k and v are `row` floats apart,
/// those of the output `out_row`, and the logarithms of the sums of weights `heads`. Scores are multiplied by `scale`; where
/// causal no timestep sees later ones. `turns` (may be null) has a row of `depth` for each timestep, by which the halves of q and k
/// are turned: depth / 2 cosines, then as many sines.
struct ck_attention {
  ptrdiff_t length, depth, row, out_row, heads;
  float scale;
  int causal;
  const float *turns;
};
/// Floats of memory that `attention`, or `attention_gradient`, works in.
static inline ptrdiff_t ck_attention_scratch(ptrdiff_t length, ptrdiff_t depth, int is_gradient) {
  const ptrdiff_t n = ck_whole_panels(length), d = ck_whole_panels(depth);
  const ptrdiff_t tile = CK_ATTENTION_ROWS * CK_ATTENTION_KEYS;
  return is_gradient ? (3 * n + 6 * CK_ATTENTION_KEYS) * d + n + 2 * tile
                     : (2 * n + CK_ATTENTION_KEYS + 2 * CK_ATTENTION_ROWS) * d + tile + CK_ATTENTION_ROWS * CK_PANEL;
}

/// Doubles that `log_magnitudes` works in, for each timestep of a frame.
enum { CK_SPECTRUM_WORK = 8 };

struct ck_kernels {
  enum ck_isa isa;
  const char *name;

  /// Packs w [out, in, taps] for a convolution, [panel][tap·in][CK_PANEL], zeros beyond the last output channel; and back.
  void (*pack_weights)(const float *w, ptrdiff_t out, ptrdiff_t in, ptrdiff_t taps, float *packed);
  void (*unpack_weights)(const float *packed, ptrdiff_t out, ptrdiff_t in, ptrdiff_t taps, float *w);
  /// Packs w [out, in, taps] for a convolution's adjoint: columns [phase][in], rows [n][out], where order[phase · count + n] is the
  /// tap that stands there; zeros beyond the last column.
  void (*pack_adjoint_weights)(const float *w, ptrdiff_t out, ptrdiff_t in, ptrdiff_t taps, const ptrdiff_t *order,
                               ptrdiff_t phases, ptrdiff_t count, float *packed);

  /// Rows first ..< last of a convolution's output.
  /// x points to input row x_first of a sequence of `length` rows; w is packed [panel][tap·in][CK_PANEL];
  /// `bias` (padded to whole panels) starts the sums, and y itself where `how` has CK_ADD; +0 where neither does. With CK_RECTIFY
  /// the output is ReLU of the sums. (Of bfloat16_convolve neither bias with CK_ADD nor CK_RECTIFY may be asked: they would be
  /// arithmetic that takes denormal numbers for zeros on some instruction sets.)
  /// y points to row `first`; its rows are y_row floats apart. 2·in·out·taps FLOP a row.
  void (*convolve)(const struct ck_convolution *c, const float *x, ptrdiff_t x_first, ptrdiff_t length, const float *w,
                   const float *bias, int how, float *y, ptrdiff_t y_row, ptrdiff_t first, ptrdiff_t last);

  /// Adds one leaf of the weight gradient to dw (layout of the packed weights): rows first ..< last (at most CK_LEAF) of one
  /// sequence's output gradient, dy pointing to row `first`. Each element: a chain from +0 in timestep order, then one addition.
  void (*weight_gradient)(const struct ck_convolution *c, const float *x, ptrdiff_t x_first, ptrdiff_t length,
                          const float *dy, float *dw, ptrdiff_t first, ptrdiff_t last);

  /// As `convolve`, of 3 taps with stride and dilation 1, by half as many products: see kernels/toom_cook.inc. At most one leaf
  /// of the sequence, `first` a multiple of CK_LEAF. w: packed for `convolve`, and behind that what `toom_cook_weights` wrote.
  void (*toom_cook_convolve)(const struct ck_convolution *c, const float *x, ptrdiff_t x_first, ptrdiff_t length,
                             const float *w, const float *bias, int how, float *y, ptrdiff_t y_row, ptrdiff_t first,
                             ptrdiff_t last, float *scratch);
  /// As `weight_gradient`, of the same leaf; dw is packed like the weights there. What was added behind the taps'
  /// gradient is part of it only after `toom_cook_weight_sums`.
  void (*toom_cook_weight_gradient)(const struct ck_convolution *c, const float *x, ptrdiff_t x_first, ptrdiff_t length,
                                    const float *dy, float *dw, ptrdiff_t first, ptrdiff_t last, float *scratch);
  /// Writes behind the packed weights of 3 taps those of the points, [point][panel][in][CK_PANEL].
  void (*toom_cook_weights)(float *w, ptrdiff_t panels, ptrdiff_t in);
  /// Adds to the packed gradient of 3 taps what stands behind it, [point][panel][in][CK_PANEL].
  void (*toom_cook_weight_sums)(float *dw, ptrdiff_t panels, ptrdiff_t in);

  /// Words of a pair of bfloat16: one, the first in the low half; or two, as floats, the second one first.
  ptrdiff_t bfloat16_words;
  /// x, rounded to bfloat16 (nearest, ties to even; denormals to zero), as pairs of neighbouring channels, an odd last one with 0:
  /// [rows][(channels + 1) / 2][bfloat16_words]. Writes up to CK_SLACK words more than these.
  void (*bfloat16_rows)(const float *x, ptrdiff_t rows, ptrdiff_t channels, uint32_t *pairs);
  /// Packed weights, rounded so, as pairs of neighbouring input channels: [panel][tap·((in + 1) / 2)][bfloat16_words][CK_PANEL].
  void (*bfloat16_weights)(const float *w, ptrdiff_t panels, ptrdiff_t taps, ptrdiff_t in, uint32_t *pairs);
  /// As `convolve`, of pairs. Each sum is a chain of dot products of two pairs as VDPBF16PS forms them: denormals are zeros.
  void (*bfloat16_convolve)(const struct ck_convolution *c, const uint32_t *x, ptrdiff_t x_first, ptrdiff_t length,
                            const uint32_t *w, const float *bias, int how, float *y, ptrdiff_t y_row,
                            ptrdiff_t first, ptrdiff_t last);
  /// As `weight_gradient`, with x and dy rounded to bfloat16 in pairs of timesteps half a leaf apart.
  /// `scratch` has room for (CK_LEAF·stride + 2·reach + 2)·in + CK_SLACK words, where reach = (taps − 1)·dilation.
  void (*bfloat16_weight_gradient)(const struct ck_convolution *c, const float *x, ptrdiff_t x_first, ptrdiff_t length,
                                   const float *dy, uint32_t *scratch, float *dw, ptrdiff_t first, ptrdiff_t last);

  /// sums[c] += leaf sum of x[:, c], leaf after leaf; `keep` (may be null) has a byte a row: rows with 0 are left out.
  void (*column_sums)(const float *x, const uint8_t *keep, ptrdiff_t rows, ptrdiff_t channels, float *sums);
  /// sums[c] += Σ x[:, c], in Double beyond the leaf.
  void (*column_sums_double)(const float *x, ptrdiff_t rows, ptrdiff_t channels, double *sums);

  /// sums[c] += Σ (x − pivot), sums[channels + c] += Σ (x − pivot)², in Double beyond the leaf.
  void (*moments)(const float *x, const float *pivot, ptrdiff_t rows, ptrdiff_t channels, double *sums);
  /// y = act(x·scale + shift).
  void (*affine_activation)(const float *x, const float *scale, const float *shift, enum ck_activation act, ptrdiff_t rows,
                            ptrdiff_t channels, float *y);
  /// y = act(x·scale + shift + r·r_scale + r_shift); r_scale null: r as it is.
  void (*join)(const struct ck_join *join, const float *x, const float *r, ptrdiff_t rows, float *y);
  /// g ← g·act′(x·scale + shift) in place, and sums[c] += Σ g, sums[channels + c] += Σ g·(x·inverse + offset), leaf by leaf.
  void (*activation_gradient)(float *g, const float *x, const float *scale, const float *shift, enum ck_activation act,
                              const float *inverse, const float *offset, ptrdiff_t rows, ptrdiff_t channels, double *sums);
  /// The adjoint of `join`: out ← d = g·act′(pre), where pre is what `join` applies act to (ReLUs read y, its output, instead) and g's rows are
  /// g_row floats apart (0: one row for all). And sums[c] += Σ d, sums[channels + c] += Σ d·(x·inverse + offset), leaf by leaf,
  /// in Double beyond the leaf; where r_scale is not null r_sums likewise, of r·r_inverse + r_offset.
  void (*join_gradient)(const struct ck_join *join, const float *g, ptrdiff_t g_row, const float *y, const float *x,
                        const float *r, ptrdiff_t rows, float *out, double *sums, double *r_sums);
  /// out = g·a + (x·b + c), a, b, c a channel each: the adjoint of a normalisation.
  void (*affine_gradient)(const float *g, const float *x, const float *a, const float *b, const float *c, ptrdiff_t rows,
                          ptrdiff_t channels, float *out);

  /// y = (x − mean) / √(variance + ε) · gain + bias, each row by its own mean and biased variance.
  void (*layer_norm)(const float *x, const float *gain, const float *bias, float epsilon, ptrdiff_t rows, ptrdiff_t channels,
                     float *y);
  /// Its adjoint on one leaf (at most CK_LEAF rows): dx, added to what is there where `how` has CK_ADD; and
  /// sums[c] += Σ g, sums[channels + c] += Σ g·x̂, a chain from +0 in row order each, then one addition.
  void (*layer_norm_gradient)(const float *x, const float *g, const float *gain, float epsilon, ptrdiff_t rows,
                              ptrdiff_t channels, int how, float *dx, float *sums);

  /// softmax(q kᵀ · scale) v of one head and sequence, and for each timestep the logarithm of its sum of exponentials. Memory is
  /// linear in the length: kernels/attention.inc. 4·length²·depth FLOP, half of it where causal. depth is even where turned.
  void (*attention)(const struct ck_attention *a, const float *q, const float *k, const float *v, float *scratch, float *out,
                    float *log_sums);
  /// Its adjoint: g is the gradient of `out`; dq, dk and dv have rows as q, k and v, and are written. 10·length²·depth FLOP.
  void (*attention_gradient)(const struct ck_attention *a, const float *q, const float *k, const float *v, const float *out,
                             const float *log_sums, const float *g, float *scratch, float *dq, float *dk, float *dv);

  /// One timestep of an LSTM for one sequence: kernels/recurrent.inc has the equations. gates[4 × width]: in, the input's part of
  /// i f g o before the activation; out, the gates. product: the state's part of the same. before: the cell's last state.
  void (*lstm_cell)(float *gates, const float *product, const float *before, ptrdiff_t width, float *cell, float *hidden);
  /// Its adjoint: gates become the gradients before the activation, cell_gradient, of `cell`, that of `before`.
  void (*lstm_cell_gradient)(float *gates, const float *before, const float *cell, const float *hidden_gradient,
                             ptrdiff_t width, float *cell_gradient);
  /// One timestep of a GRU: gates[3 × width] are r z n; before: the last hidden state; candidate: the product's part of n.
  void (*gru_cell)(float *gates, const float *product, const float *before, ptrdiff_t width, float *candidate,
                   float *hidden);
  /// Its adjoint: gates become the gradients of the input's part, product_gradient is that of the product, and hidden_gradient
  /// becomes what goes to `before` past the product.
  void (*gru_cell_gradient)(float *gates, const float *before, const float *candidate, ptrdiff_t width,
                            float *hidden_gradient, float *product_gradient);

  /// Cross-entropy of each row with weight[row] ≠ 0 against target[row]: loss[row] (others +0), correct[row] (may be null),
  /// and logits ← weight·(softmax − target distribution) in place. Smoothing s: the target has 1 − s + s/classes.
  void (*cross_entropy)(float *logits, const int32_t *target, const uint8_t *weight, float smoothing, ptrdiff_t rows,
                        ptrdiff_t classes, double *loss, uint8_t *correct);
  /// softmax of each row, in place.
  void (*softmax)(float *logits, ptrdiff_t rows, ptrdiff_t classes);
  /// Huber loss with threshold delta of prediction against target where weight ≠ 0 (a byte an element):
  /// loss[row] = Σ over its elements; prediction ← its derivative (0 where weight is 0).
  void (*huber)(float *prediction, const float *target, const uint8_t *weight, float delta, ptrdiff_t rows,
                ptrdiff_t elements, double *loss);

  /// One AdamW update (Loshchilov and Hutter 2019): g·gradient_scale is the gradient.
  void (*adamw)(float *p, const float *g, float *m, float *v, ptrdiff_t count, float gradient_scale, float rate, float beta1,
                float beta2, float epsilon, float decay, float correction1, float root_correction2);
  /// One SGD update with momentum (PyTorch's convention: the buffer starts as the first gradient).
  void (*sgd)(float *p, const float *g, float *buffer, ptrdiff_t count, float gradient_scale, float rate, float momentum,
              int nesterov, float decay, int first);
  /// Σ x² in Double by 16 virtual accumulators.
  double (*square_sum)(const float *x, ptrdiff_t count);
  /// y[i] += x[i].
  void (*add)(float *y, const float *x, ptrdiff_t count);

  /// Dropout of one sequence, in place: x[t, c] becomes +0 where word c mod 4 of Philox4x32's draw for the key and the counter
  /// (t, c / 4, sequence) is below the threshold, else x·scale. The sequence's number is the counter's last two words.
  void (*dropout)(float *x, ptrdiff_t rows, ptrdiff_t channels, uint64_t key, uint64_t sequence, uint32_t threshold,
                  float scale);
  /// x[t, c] += deviation · a standard normal draw, c even the first and c + 1 the second of the counter (t, c, sequence).
  void (*add_normals)(float *x, ptrdiff_t rows, ptrdiff_t channels, uint64_t key, uint64_t sequence, double deviation);

  /// out[f, k] = log(1 + |Σ_t window[t]·frames[f][t·step]·(cosines − i·sines)[k·t mod length]|) of `count` frames, k = 0 ... length / 2, in
  /// Double; work: CK_SPECTRUM_WORK · length.
  void (*log_magnitudes)(float *out, const float *const *frames, ptrdiff_t count, ptrdiff_t step, ptrdiff_t length,
                         const double *window, const double *cosines, const double *sines, double *work);

  /// Fused multiply-adds on registers alone, for measuring their rate; returns how many FLOP that were. sink: two numbers to
  /// begin with, and 16 for the result.
  ptrdiff_t (*peak)(ptrdiff_t rounds, float *sink);
};

/// The table for an instruction set, or null where this processor or this build lacks it.
const struct ck_kernels *ck_kernels_for(enum ck_isa isa);
/// The fastest instruction set of this processor, which is timed anew with each call where it has instructions for bfloat16.
enum ck_isa ck_best_isa(void);
/// Tells the processor that this thread looks again and again for what another writes.
static inline void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
/// Rounds to nearest and keeps denormals on the calling thread, whatever a library may have set.
void ck_set_float_environment(void);
