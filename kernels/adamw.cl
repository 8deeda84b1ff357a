// Purpose: one AdamW step on a parameter, with clipping by the global gradient norm, entirely on the device. The
//   moments are stored as floats, in bf16, or in blocks of 8 bits.
// Math: g ← g · min(1, max_norm / (norm + 1e-6)) where max_norm > 0;  p ← p · (1 − lr · weight_decay);
//   m ← β1 · m + (1 − β1) · g;  v ← β2 · v + (1 − β2) · g²;
//   p ← p − lr · (m / c1) / (√(v / c2) + eps), with c = 1 − βᵗ.
// Shapes (row-major): p, m, v, g [n]; norm [1], the norm of all gradients before clipping. In blocks (MOMENTS 2) m and
//   v are [ceil(n / 256)] × (the largest magnitude as a float, 256 codes of 8 bits).
// Gradient contract: g is only read.
// Saved for backward: nothing.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group, a whole number of blocks.
// Numerics: float; p moves by the moments before these are rounded. To fewer bits they are rounded stochastically, up
//   or down with a probability by nearness, so that nothing is lost on average: (1 − β2) · g² is often less than half
//   the spacing of v. The random bits are a function of element and key. Where norm is not finite, p, m and v stay
//   unchanged: the step is skipped without asking the host.
// Source: arXiv:1711.05101, algorithm 2, in PyTorch's order; clipping arXiv:1211.5063, section 3.2; blocks
//   arXiv:2110.02861, section 2.1; stochastic rounding arXiv:1502.02551.

#include "prelude/common.cl"
#include "prelude/hash.cl"
#include "prelude/clip.cl"

#ifndef MOMENTS
#define MOMENTS 0  // 0 float, 1 bf16, 2 blocks
#endif

typedef struct {
  float clip, keep, step_size, root_scale, beta1, beta2, eps;
} adamw_t;

static inline adamw_t adamw_constants(
  const float norm, const float lr, const float beta1, const float beta2, const float eps, const float weight_decay,
  const float correction1, const float correction2, const float max_norm
) {
  adamw_t constants;
  constants.clip = clip_factor(norm, max_norm);
  constants.keep = 1.0f - lr * weight_decay;
  constants.step_size = lr / correction1;
  constants.root_scale = 1.0f / sqrt(correction2);
  constants.beta1 = beta1;
  constants.beta2 = beta2;
  constants.eps = eps;
  return constants;
}

typedef struct {
  floatv mean, variance;
} moments_t;

// The moments after a gradient, which is clipped here.
static inline moments_t next_moments(moments_t moments, const floatv whole_gradient, const adamw_t constants) {
  const floatv gradient = whole_gradient * constants.clip;
  moments.mean = moments.mean * constants.beta1 + gradient * (1.0f - constants.beta1);
  moments.variance = moments.variance * constants.beta2 + gradient * gradient * (1.0f - constants.beta2);
  return moments;
}

static inline void move_parameter(
  __global float *p, const moments_t moments, const adamw_t constants, const long remaining
) {
  const floatv update = moments.mean / (sqrt(moments.variance) * constants.root_scale + constants.eps);
  store_lanes(p, load_lanes(p, remaining) * constants.keep - update * constants.step_size, remaining);
}

// ---------------------------------------------------------------------------------------------------------------------
// Moments as floats or bf16. `noise` is 16 random bits for each element.

#if MOMENTS == 0
typedef float moment_t;

static inline floatv load_moments(const __global float *pointer, const long remaining) {
  return load_lanes(pointer, remaining);
}

static inline void store_moments(
  __global float *pointer, const floatv value, const uintv noise, const long remaining
) {
  store_lanes(pointer, value, remaining);
}
#elif MOMENTS == 1
typedef ushort moment_t;

static inline floatv load_moments(const __global ushort *pointer, const long remaining) {
  return float_from_bf16(load_bf16_lanes(pointer, remaining));
}

static inline void store_moments(
  __global ushort *pointer, const floatv value, const uintv noise, const long remaining
) {
  store_bf16_lanes(pointer, CONVERT_USHORTV((AS_UINTV(value) + noise) >> 16), remaining);
}
#endif

#if MOMENTS < 2
__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void adamw_update(
  __global float *restrict p, __global moment_t *restrict m, __global moment_t *restrict v,
  const __global float *restrict g, const __global float *restrict norm, const ulong n, const uint key,
  const float lr, const float beta1, const float beta2, const float eps, const float weight_decay,
  const float correction1, const float correction2, const float max_norm
) {
  const adamw_t constants =
    adamw_constants(norm[0], lr, beta1, beta2, eps, weight_decay, correction1, correction2, max_norm);
  const size_t end = isfinite(norm[0]) ? group_end(n) : 0;
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    moments_t moments = {load_moments(m + i, end - i), load_moments(v + i, end - i)};
    moments = next_moments(moments, load_lanes(g + i, end - i), constants);
    const uintv bits = MOMENTS == 0 ? (uintv)(0u) : element_bits(i, key);
    store_moments(m + i, moments.mean, bits & 0xFFFFu, end - i);
    store_moments(v + i, moments.variance, bits >> 16, end - i);
    move_parameter(p + i, moments, constants, end - i);
  }
}
#else
// ---------------------------------------------------------------------------------------------------------------------
// Moments in blocks of 8 bits. Code 0 is zero; code c > 0 is 2^(⌊c / 8⌋ − top) · (1 + (c mod 8) / 8), as a fraction of
// the block's largest magnitude, whose own code is 8 · top. m has a sign bit and top 15; v has top 31.

#define BLOCK_ELEMENTS 256
#define BLOCK_BYTES (4 + BLOCK_ELEMENTS)
#define TOP_OF_MEAN 15
#define TOP_OF_VARIANCE 31
// Vectors of a block that a work-item holds.
#define HELD ((BLOCK_ELEMENTS + WG_SIZE * VECTOR_WIDTH - 1) / (WG_SIZE * VECTOR_WIDTH))
#define LEAST_SCALE 1e-28f  // below it the block is zero, so that no scale · code is subnormal

// Float bits of 2^(−top), to which a code is added after a shift by 20: its exponent and three mantissa bits.
static inline uint base_bits(const int top) { return (uint)(127 - top) << 23; }

static inline floatv magnitudes(const uintv codes, const float scale, const int top) {
  return select(AS_FLOATV((codes << 20) + base_bits(top)) * scale, (floatv)(0.0f), codes == 0u);
}

// The codes of magnitudes up to `scale`, rounded stochastically by `noise`, 16 random bits for each. That of `scale`
// itself is exact.
static inline uintv codes_of(const floatv values, const float scale, const uintv noise, const int top) {
  if (scale == 0.0f) return (uintv)(0u);
  const floatv shares = select((floatv)(1.0f), values / scale, values < scale);
  const uintv bits = AS_UINTV(shares);
  const uint least = base_bits(top) + (1u << 20);  // the bits of code 1's value
  const floatv chances = select((floatv)(0.0f), shares * (65536.0f / as_float(least)), bits < least);
  const uintv smallest = select((uintv)(0u), (uintv)(1u), CONVERT_UINTV(chances) > noise);
  return select((bits - base_bits(top) + (noise << 4)) >> 20, smallest, bits < least);
}

static inline floatv load_means(const __global uchar *block, const float scale, const int place) {
  const uintv codes = CONVERT_UINTV(VLOAD(block + 4 + place));
  const floatv sizes = magnitudes(codes & 0x7Fu, scale, TOP_OF_MEAN);
  return AS_FLOATV(AS_UINTV(sizes) | ((codes & 0x80u) << 24));
}

static inline floatv load_variances(const __global uchar *block, const float scale, const int place) {
  return magnitudes(CONVERT_UINTV(VLOAD(block + 4 + place)), scale, TOP_OF_VARIANCE);
}

static inline float scale_of(const float largest) { return largest < LEAST_SCALE ? 0.0f : largest; }

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void adamw_update(
  __global float *restrict p, __global uchar *restrict m, __global uchar *restrict v,
  const __global float *restrict g, const __global float *restrict norm, const ulong n, const uint key,
  const float lr, const float beta1, const float beta2, const float eps, const float weight_decay,
  const float correction1, const float correction2, const float max_norm
) {
  GROUP_SCRATCH(scratch);
  const adamw_t constants =
    adamw_constants(norm[0], lr, beta1, beta2, eps, weight_decay, correction1, correction2, max_norm);
  const size_t end = isfinite(norm[0]) ? group_end(n) : 0;
  const int first_place = get_local_id(0) * VECTOR_WIDTH;
  for (size_t first = group_begin(); first < end; first += BLOCK_ELEMENTS) {
    const size_t block_begin = first / BLOCK_ELEMENTS * BLOCK_BYTES;
    __global uchar *m_block = m + block_begin, *v_block = v + block_begin;
    const float m_scale = *(__global float *)m_block, v_scale = *(__global float *)v_block;
    moments_t held[HELD];
    floatv largest_mean = (floatv)(0.0f), largest_variance = (floatv)(0.0f);
    for (int i = 0, place = first_place; place < BLOCK_ELEMENTS; ++i, place += WG_SIZE * VECTOR_WIDTH) {
      moments_t moments = {load_means(m_block, m_scale, place), load_variances(v_block, v_scale, place)};
      moments = next_moments(moments, load_lanes(g + first + place, (long)(end - first) - place), constants);
      held[i] = moments;
      largest_mean = vector_max(largest_mean, fabs(moments.mean));
      largest_variance = vector_max(largest_variance, moments.variance);
    }
    const float next_m_scale = scale_of(group_max(lane_max(largest_mean), scratch));
    const float next_v_scale = scale_of(group_max(lane_max(largest_variance), scratch));
    for (int i = 0, place = first_place; place < BLOCK_ELEMENTS; ++i, place += WG_SIZE * VECTOR_WIDTH) {
      const long remaining = (long)(end - first) - place;
      const moments_t moments = held[i];
      const uintv bits = element_bits(first + place, key);
      const uintv m_codes = codes_of(fabs(moments.mean), next_m_scale, bits & 0xFFFFu, TOP_OF_MEAN);
      const uintv v_codes = codes_of(moments.variance, next_v_scale, bits >> 16, TOP_OF_VARIANCE);
      const uintv sign = (AS_UINTV(moments.mean) >> 24) & 0x80u;
      VSTORE(CONVERT_UCHARV(m_codes | sign), m_block + 4 + place);
      VSTORE(CONVERT_UCHARV(v_codes), v_block + 4 + place);
      if (remaining > 0) move_parameter(p + first + place, moments, constants, remaining);
    }
    if (get_local_id(0) == 0) {
      *(__global float *)m_block = next_m_scale;
      *(__global float *)v_block = next_v_scale;
    }
  }
}
#endif
