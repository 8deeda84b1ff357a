// Purpose: transposed loads and stores of 32 rows, for both directions of attention/panel.cl; and 2^x and the scores of
//   products, which attention/rows.cl uses too.
// Math: tile[d · ROW_LANES + lane] = x[first + lane][d]; exp2_nonpositive(x) = 2^x; SCORE(q · k) = log2(e) · S, with
//   S = scale · q · k, or with SOFT_CAP S = cap · tanh(scale · q · k / cap), whose slope is 1 − (S / cap)².
// Shapes (row-major): x [rows, stride], of which HEAD_SIZE columns are used; tile [HEAD_SIZE, ROW_LANES].
// Gradient contract: none; store_rows_transposed writes with `=`.
// Saved for backward: nothing.
// Parallelism: called by one work-item, which owns the tile.
// Numerics: float; a polynomial of relative error 2e-9 for the fraction of the exponent.
// Source: range reduction after Cody and Waite, Software Manual for the Elementary Functions (1980), chapter 6.

#ifndef HEAD_SIZE
#define HEAD_SIZE 64  // values in a head
#endif
#ifndef SOFT_CAP
#define SOFT_CAP 0  // 1: scores are capped, and kernels take the cap
#endif
#define ROW_LANES 32  // two vectors of 16
#define LOG2_E 1.44269504088896341f
#define LN_2 0.693147180559945309f
#define LOWEST -1.0e30f  // below every score, and finite: LOWEST − LOWEST is 0, not NaN

// ---------------------------------------------------------------------------------------------------------------------
// 2^x for x ≤ 0, or above it by a rounding error; 0 below −126.5. NaN stays NaN.
static inline float16 exp2_nonpositive(const float16 exponent) {
  const float16 x = exponent < -127.0f ? (float16)-127.0f : exponent;
  const int16 whole = convert_int16(x - 0.5f);
  const float16 r = x - convert_float16(whole);
  float16 y = r * 1.53533597e-4f + 1.33988749e-3f;
  y = y * r + 9.61843737e-3f;
  y = y * r + 5.55033247e-2f;
  y = y * r + 0.240226479f;
  y = y * r + 0.693147203f;
  y = y * r + 1.0f;
  return y * as_float16((whole + 127) << 23);
}

#if SOFT_CAP
#include "prelude/tanh.cl"
DEFINE_TANH(tanh_16, float16, exp2_nonpositive, LOG2_E)
#define CAP_PARAMETER , const float cap
#define SCORE(product) (tanh_16((product) * (scale / cap)) * (cap * LOG2_E))
#define SLOPE(score) (1.0f - ((score) * (LN_2 / cap)) * ((score) * (LN_2 / cap)))
#else
#define CAP_PARAMETER
#define SCORE(product) ((product) * (scale * LOG2_E))
#endif

static inline float16 larger(const float16 a, const float16 b) { return a > b ? a : b; }

// Loads the rows first ..< first + ROW_LANES of x, transposed: tile[d][lane]. Lanes beyond the last row repeat it.
static inline void load_rows_transposed(
  float *tile, const __global float *x, const int first, const int rows, const size_t stride
) {
  for (int lane = 0; lane < ROW_LANES; lane += 4) {
    const __global float *x0 = x + min(first + lane, rows - 1) * stride;
    const __global float *x1 = x + min(first + lane + 1, rows - 1) * stride;
    const __global float *x2 = x + min(first + lane + 2, rows - 1) * stride;
    const __global float *x3 = x + min(first + lane + 3, rows - 1) * stride;
    int d = 0;
    for (; d + 4 <= HEAD_SIZE; d += 4) {
      const float4 r0 = vload4(0, x0 + d), r1 = vload4(0, x1 + d), r2 = vload4(0, x2 + d), r3 = vload4(0, x3 + d);
      float *to = tile + d * ROW_LANES + lane;
      vstore4((float4)(r0.x, r1.x, r2.x, r3.x), 0, to);
      vstore4((float4)(r0.y, r1.y, r2.y, r3.y), 0, to + ROW_LANES);
      vstore4((float4)(r0.z, r1.z, r2.z, r3.z), 0, to + 2 * ROW_LANES);
      vstore4((float4)(r0.w, r1.w, r2.w, r3.w), 0, to + 3 * ROW_LANES);
    }
    for (; d < HEAD_SIZE; ++d) {
      vstore4((float4)(x0[d], x1[d], x2[d], x3[d]), 0, tile + d * ROW_LANES + lane);
    }
  }
}

// Stores a tile times `factor` to the rows that load_rows_transposed reads; lanes beyond the last row are not stored.
static inline void store_rows_transposed(
  __global float *x, const float *tile, const float factor, const int first, const int rows,
  const size_t stride
) {
  for (int lane = 0; lane < ROW_LANES; lane += 4) {
    int d = 0;
    if (first + lane + 4 <= rows) {
      __global float *to = x + (first + lane) * stride;
      for (; d + 4 <= HEAD_SIZE; d += 4) {
        const float *from = tile + d * ROW_LANES + lane;
        const float4 r0 = factor * vload4(0, from), r1 = factor * vload4(0, from + ROW_LANES);
        const float4 r2 = factor * vload4(0, from + 2 * ROW_LANES), r3 = factor * vload4(0, from + 3 * ROW_LANES);
        vstore4((float4)(r0.x, r1.x, r2.x, r3.x), 0, to + d);
        vstore4((float4)(r0.y, r1.y, r2.y, r3.y), 0, to + d + stride);
        vstore4((float4)(r0.z, r1.z, r2.z, r3.z), 0, to + d + 2 * stride);
        vstore4((float4)(r0.w, r1.w, r2.w, r3.w), 0, to + d + 3 * stride);
      }
    }
    for (; d < HEAD_SIZE; ++d) {
      for (int i = lane; i < lane + 4 && first + i < rows; ++i) {
        x[(first + i) * stride + d] = factor * tile[d * ROW_LANES + i];
      }
    }
  }
}
