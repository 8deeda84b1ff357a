// Purpose: what stands before and after the products of a transformer's block, together with them, where rows are few
//   (decoding): a launch costs more than the norm, the rotation, the cache or the gate that it would be for.
// Math: A = (weight_offset + weight) · x · r, r = 1 / √(mean(x²) + eps), with NORM 2 of x = a + b, which is stored as
//   sum; without NORM A is given. Then C = A · Bᵀ of up to three B, and of these
//     decode_norm: nothing more;
//     decode_gated: out = SiLU(C0) · C1, or another ACTIVATION of swiglu.cl;
//     decode_rotary: turned0 and turned1, the heads of C0 and C1 turned as rope.cl does, in their first 2 · pairs
//       columns; turned1 and C2 also go to their places in caches.
// Shapes (row-major): a, b, sum, A [m, depth], m up to MOST_ROWS; weight [depth]; rstd [m] holds r; B and C as
//   matmul/few_rows_cpu.cl, without batches; out as C0; turned0, turned1 as C0, C1; table, positions as rope.cl; caches
//   and places as cache.cl. own_rows: (work-groups − 1) · m · depth floats.
// Gradient contract: `=` for every output.
// Saved for backward: rstd, and what a backward pass would read of the others.
// Parallelism: one work-item a work-group, as many as the device has units. Each normalises the rows for itself, and
//   the first one's are A. Each takes the next share, twice VECTOR_ROWS rows of B that belong together, from a shared
//   counter until none is left.
// Numerics: as matmul/few_rows_product.cl; squares are added up in lanes, then by halves.
// Source: as rmsnorm.cl, swiglu.cl, rope.cl.

#include "prelude/common.cl"
#include "prelude/gelu.cl"
#include "matmul/few_rows_product.cl"

#ifndef NORM
#define NORM 0  // 1: of one tensor; 2: of a sum of two
#endif
#ifndef ACTIVATION
#define ACTIVATION 0  // of decode_gated, as in swiglu.cl
#endif
#ifndef MOST_ROWS
#define MOST_ROWS 8
#endif
#define VECTOR_ROWS VECTOR_WIDTH  // rows of B whose products are neighbouring columns of C, a vector of them
#define SHARE_ROWS (2 * VECTOR_ROWS)

// Products of all rows of A by `count` rows of a B: sums[i, column], 0 beyond the last column.
static inline void row_products(
  float *sums, const __global float *a, const __global stored_t *b, const int first, const int count, const int m,
  const int depth
) {
  for (int i = 0; i < m; ++i) VSTORE((floatv)(0.0f), sums + i * VECTOR_ROWS);
  for (int column = 0; column < count; ++column) {
    for (int i = 0; i < m; ++i) {
      sums[i * VECTOR_ROWS + column] =
        row_product(a + (size_t)i * depth, b, (size_t)(first + column) * depth, depth, i == 0);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The rows A of the products: given, or normalised.

#if NORM == 0
#define ROWS_PARAMETERS const __global float *restrict given
#define ROWS_ARGUMENTS given
#else
#if NORM == 1
#define ROWS_PARAMETERS \
  __global float *restrict normalised, __global float *restrict rstd, __global float *restrict own_rows, \
    const __global float *restrict x, const __global float *restrict weight, const float eps, \
    const float weight_offset
#define ROWS_ARGUMENTS normalised, rstd, own_rows, x, weight, eps, weight_offset
#define X_LANES(i) load_lanes(x + (i), end - (i))
#else
#define ROWS_PARAMETERS \
  __global float *restrict sum, __global float *restrict normalised, __global float *restrict rstd, \
    __global float *restrict own_rows, const __global float *restrict x, const __global float *restrict residual, \
    const __global float *restrict weight, const float eps, \
    const float weight_offset
#define ROWS_ARGUMENTS sum, normalised, rstd, own_rows, x, residual, weight, eps, weight_offset
#define X_LANES(i) (load_lanes(x + (i), end - (i)) + load_lanes(residual + (i), end - (i)))
#endif
#endif

static inline const __global float *rows_of(ROWS_PARAMETERS, const int m, const int depth) {
#if NORM == 0
  return given;
#else
  const int item = get_group_id(0);
  __global float *rows = item == 0 ? normalised : own_rows + (size_t)(item - 1) * m * depth;
  for (int row = 0; row < m; ++row) {
    const long begin = (long)row * depth, end = begin + depth;
    floatv squares = (floatv)(0.0f);
    for (long i = begin; i < end; i += VECTOR_WIDTH) {
      const floatv value = X_LANES(i);
      squares += value * value;
    }
    const float r = 1.0f / sqrt(lane_sum(squares) / depth + eps);
    for (long i = begin; i < end; i += VECTOR_WIDTH) {
      const floatv value = X_LANES(i);
      const floatv scale = load_lanes(weight + (i - begin), end - i) + weight_offset;
      store_lanes(rows + i, scale * (value * r), end - i);
#if NORM == 2
      if (item == 0) store_lanes(sum + i, value, end - i);
#endif
    }
    if (item == 0) rstd[row] = r;
  }
  return rows;
#endif
}

// ---------------------------------------------------------------------------------------------------------------------

// The columns begin ..< end of a product that nothing follows, or only copies. `copy` and `cache` may be 0.
static inline void multiply_columns(
  __global float *c, __global float *copy, __global float *cache, const __global int *places, const __global float *a,
  const __global stored_t *b, const int begin, const int end, const int n, const int m, const int depth
) {
  for (int first = begin; first < end; first += VECTOR_ROWS) {
    float sums[VECTOR_ROWS * MOST_ROWS];
    row_products(sums, a, b, first, min(VECTOR_ROWS, end - first), m, depth);
    for (int i = 0; i < m; ++i) {
      const floatv values = VLOAD(sums + i * VECTOR_ROWS);
      store_lanes(c + (size_t)i * n + first, values, end - first);
      if (copy != 0) store_lanes(copy + (size_t)i * n + first, values, end - first);
      if (cache != 0) store_lanes(cache + (size_t)places[i] * n + first, values, end - first);
    }
  }
}

static inline void multiply_share(
  __global float *c, __global float *cache, const __global int *places, const __global float *a,
  const __global stored_t *b, const int share, const int n, const int m, const int depth
) {
  const int begin = share * SHARE_ROWS, end = min(begin + SHARE_ROWS, n);
  multiply_columns(c, 0, cache, places, a, b, begin, end, n, m, depth);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void decode_norm(
  volatile __global int *restrict counters, ROWS_PARAMETERS, const int m, const int depth,
  __global float *restrict c0, const __global stored_t *restrict b0, const int n0,
  __global float *restrict c1, const __global stored_t *restrict b1, const int n1,
  __global float *restrict c2, const __global stored_t *restrict b2, const int n2
) {
  const __global float *a = rows_of(ROWS_ARGUMENTS, m, depth);
  const int shares0 = shares_of(n0, SHARE_ROWS), shares1 = shares_of(n1, SHARE_ROWS);
  const int shares = shares0 + shares1 + shares_of(n2, SHARE_ROWS);
  for (int share = take_share(counters); share < shares; share = take_share(counters)) {
    if (share < shares0) {
      multiply_share(c0, 0, 0, a, b0, share, n0, m, depth);
    } else if (share < shares0 + shares1) {
      multiply_share(c1, 0, 0, a, b1, share - shares0, n1, m, depth);
    } else {
      multiply_share(c2, 0, 0, a, b2, share - shares0 - shares1, n2, m, depth);
    }
  }
  leave(counters);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void decode_gated(
  volatile __global int *restrict counters, ROWS_PARAMETERS, const int m, const int depth,
  __global float *restrict c0, const __global stored_t *restrict b0, const int n,
  __global float *restrict c1, const __global stored_t *restrict b1, __global float *restrict out
) {
  const __global float *a = rows_of(ROWS_ARGUMENTS, m, depth);
  for (int first = take_share(counters) * VECTOR_ROWS; first < n; first = take_share(counters) * VECTOR_ROWS) {
    float gates[VECTOR_ROWS * MOST_ROWS], ups[VECTOR_ROWS * MOST_ROWS];
    row_products(gates, a, b0, first, min(VECTOR_ROWS, n - first), m, depth);
    row_products(ups, a, b1, first, min(VECTOR_ROWS, n - first), m, depth);
    for (int i = 0; i < m; ++i) {
      const floatv gate = VLOAD(gates + i * VECTOR_ROWS), up = VLOAD(ups + i * VECTOR_ROWS);
      const size_t at = (size_t)i * n + first;
      store_lanes(c0 + at, gate, n - first);
      store_lanes(c1 + at, up, n - first);
#if ACTIVATION == 0
      store_lanes(out + at, gate / (1.0f + exp_lanes(-gate)) * up, n - first);
#else
      store_lanes(out + at, gate * gelu_factor(gate) * up, n - first);
#endif
    }
  }
  leave(counters);
}

// ---------------------------------------------------------------------------------------------------------------------

// Shares of a head: of its pairs, then of its columns that are not turned.
#define HEAD_SHARES(head_size, pairs) (shares_of(pairs, VECTOR_ROWS) + shares_of((head_size) - 2 * (pairs), SHARE_ROWS))

// A share of heads that are turned: VECTOR_ROWS rows of B for a head's first columns, and for their partners; or rows for
// columns that are not turned.
static inline void turn_share(
  __global float *c, __global float *turned, __global float *cache, const __global int *places,
  const __global float *table, const __global int *positions, const __global float *a, const __global stored_t *b,
  const int share, const int n, const int head_size, const int pairs, const int m, const int depth
) {
  const int shares = HEAD_SHARES(head_size, pairs), turning = shares_of(pairs, VECTOR_ROWS);
  const int head = share / shares * head_size;
  if (share % shares >= turning) {
    const int begin = head + 2 * pairs + (share % shares - turning) * SHARE_ROWS;
    multiply_columns(c, turned, cache, places, a, b, begin, min(begin + SHARE_ROWS, head + head_size), n, m, depth);
    return;
  }
  const int pair = share % shares * VECTOR_ROWS, count = min(VECTOR_ROWS, pairs - pair);
  const int low = head + pair, high = low + pairs;
  float lows[VECTOR_ROWS * MOST_ROWS], highs[VECTOR_ROWS * MOST_ROWS];
  row_products(lows, a, b, low, count, m, depth);
  row_products(highs, a, b, high, count, m, depth);
  for (int i = 0; i < m; ++i) {
    const __global float *angles = table + (size_t)positions[i] * 2 * pairs + pair;
    const floatv cosine = load_lanes(angles, count), sine = load_lanes(angles + pairs, count);
    const floatv first = VLOAD(lows + i * VECTOR_ROWS), second = VLOAD(highs + i * VECTOR_ROWS);
    const floatv turned_first = first * cosine - second * sine, turned_second = second * cosine + first * sine;
    const size_t at = (size_t)i * n;
    store_lanes(c + at + low, first, count);
    store_lanes(c + at + high, second, count);
    store_lanes(turned + at + low, turned_first, count);
    store_lanes(turned + at + high, turned_second, count);
    if (cache != 0) {
      store_lanes(cache + (size_t)places[i] * n + low, turned_first, count);
      store_lanes(cache + (size_t)places[i] * n + high, turned_second, count);
    }
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void decode_rotary(
  volatile __global int *restrict counters, ROWS_PARAMETERS, const int m, const int depth,
  __global float *restrict c0, const __global stored_t *restrict b0, const int n0,
  __global float *restrict c1, const __global stored_t *restrict b1, const int n1,
  __global float *restrict c2, const __global stored_t *restrict b2, const int n2,
  __global float *restrict turned0, __global float *restrict turned1, __global float *restrict cache1,
  __global float *restrict cache2, const __global float *restrict table, const __global int *restrict positions,
  const __global int *restrict places, const int head_size, const int pairs
) {
  const __global float *a = rows_of(ROWS_ARGUMENTS, m, depth);
  const int head_shares = HEAD_SHARES(head_size, pairs);
  const int shares0 = n0 / head_size * head_shares, shares1 = n1 / head_size * head_shares;
  const int shares = shares0 + shares1 + shares_of(n2, SHARE_ROWS);
  for (int share = take_share(counters); share < shares; share = take_share(counters)) {
    if (share < shares0) {
      turn_share(c0, turned0, 0, 0, table, positions, a, b0, share, n0, head_size, pairs, m, depth);
    } else if (share < shares0 + shares1) {
      turn_share(
        c1, turned1, cache1, places, table, positions, a, b1, share - shares0, n1, head_size, pairs, m, depth);
    } else {
      multiply_share(c2, cache2, places, a, b2, share - shares0 - shares1, n2, m, depth);
    }
  }
  leave(counters);
}
