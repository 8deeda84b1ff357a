// Purpose: matrix product by work-group tiles in local memory: the base family for GPUs, in plain OpenCL C 1.2.
// Math: C = op(A) · op(B), or C += op(A) · op(B); op transposes as stored, by macro.
// Shapes (row-major): C [M, N] with row stride ldc; A [M, K], or [K, M] with TRANSPOSE_A, row stride lda;
//   B [K, N], or [N, K] with TRANSPOSE_B, row stride ldb, stored as prelude/storage.cl says. Matrix i of a batch starts
//   stride_a/b/c elements × i further. With several groups in dimension 1, C is [splits, M, N].
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing; dA = dC · Bᵀ and dB = Aᵀ · dC are products of the same kernel.
// Parallelism: a 1-D group of GROUP_SIZE work-items owns a TILE_M × TILE_N tile of C, a work-item REGISTER_M ×
//   REGISTER_N of it in registers, and carries the next tiles' numbers there while it multiplies these. A group in
//   dimension 1 takes split_depth of the K. Global size (ceil(M / TILE_M) · ceil(N / TILE_N) · GROUP_SIZE, splits,
//   batch).
// Numerics: accumulates in float, in the order of K; elements outside the matrices count as 0. With BF16 operands are
//   rounded to bf16 first, to nearest, ties to even.
// Source: the blocking of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), section 4.

#include "prelude/bf16.cl"
#include "matmul/group.cl"

#ifndef TILE_M
#define TILE_M 64  // rows of C of a group
#endif
#ifndef TILE_N
#define TILE_N 64  // columns of C of a group
#endif
#ifndef TILE_K
#define TILE_K 16  // depth of the tiles in local memory
#endif
#ifndef REGISTER_M
#define REGISTER_M 4  // rows of C of a work-item, a multiple of 4
#endif
#ifndef REGISTER_N
#define REGISTER_N 4  // columns of C of a work-item, a multiple of 4
#endif
#define ITEMS_M (TILE_M / REGISTER_M)
#define ITEMS_N (TILE_N / REGISTER_N)
#define GROUP_SIZE (ITEMS_M * ITEMS_N)
#define PITCH_M (TILE_M + 4)  // floats between rows in local memory: 4 more keep float4 aligned and spread the banks
#define PITCH_N (TILE_N + 4)

// ---------------------------------------------------------------------------------------------------------------------
// A tile is [TILE_K][lines] in local memory, a line being a row of C (A's tile) or a column of C (B's). A work-item
// carries runs of 4 elements, which lie side by side in memory: along K, or along the lines.

#define RUNS_A (TILE_M * TILE_K / 4 / GROUP_SIZE)
#define RUNS_B (TILE_N * TILE_K / 4 / GROUP_SIZE)

#if STORAGE == 0
#define stored_4 floats_4
#else
static inline float4 stored_4(
  const __global stored_t *from, const size_t index, const int remaining, const bool aligned
) {
  float4 run = (float4)(0.0f);
  if (remaining > 0) run.s0 = stored_at(from, index);
  if (remaining > 1) run.s1 = stored_at(from, index + 1);
  if (remaining > 2) run.s2 = stored_at(from, index + 2);
  if (remaining > 3) run.s3 = stored_at(from, index + 3);
  return run;
}
#endif

#define FETCH_ALONG_K(runs, RUNS, READ, from, base, TILE_LINES, first_line, lines, leading, aligned) \
  _Pragma("unroll") for (int i = 0; i < RUNS; ++i) { \
    const int run = get_local_id(0) + i * GROUP_SIZE; \
    const int line = first_line + run / (TILE_K / 4), depth = first_k + run % (TILE_K / 4) * 4; \
    runs[i] = READ(from, base + (size_t)line * leading + depth, line < lines ? k - depth : 0, aligned); \
  }
#define PUT_ALONG_K(tile, runs, RUNS, PITCH, TILE_LINES) \
  _Pragma("unroll") for (int i = 0; i < RUNS; ++i) { \
    const int run = get_local_id(0) + i * GROUP_SIZE; \
    __local float *to = tile + run % (TILE_K / 4) * 4 * PITCH + run / (TILE_K / 4); \
    to[0] = OPERAND(runs[i].s0); \
    to[PITCH] = OPERAND(runs[i].s1); \
    to[2 * PITCH] = OPERAND(runs[i].s2); \
    to[3 * PITCH] = OPERAND(runs[i].s3); \
  }
#define FETCH_ALONG_LINES(runs, RUNS, READ, from, base, TILE_LINES, first_line, lines, leading, aligned) \
  _Pragma("unroll") for (int i = 0; i < RUNS; ++i) { \
    const int run = get_local_id(0) + i * GROUP_SIZE; \
    const int line = first_line + run % (TILE_LINES / 4) * 4, depth = first_k + run / (TILE_LINES / 4); \
    runs[i] = READ(from, base + (size_t)depth * leading + line, depth < k ? lines - line : 0, aligned); \
  }
#define PUT_ALONG_LINES(tile, runs, RUNS, PITCH, TILE_LINES) \
  _Pragma("unroll") for (int i = 0; i < RUNS; ++i) { \
    const int run = get_local_id(0) + i * GROUP_SIZE; \
    *(__local float4 *)(tile + run / (TILE_LINES / 4) * PITCH + run % (TILE_LINES / 4) * 4) = \
      (float4)(OPERAND(runs[i].s0), OPERAND(runs[i].s1), OPERAND(runs[i].s2), OPERAND(runs[i].s3)); \
  }
#if TRANSPOSE_A
#define FETCH_A FETCH_ALONG_LINES
#define PUT_A PUT_ALONG_LINES
#else
#define FETCH_A FETCH_ALONG_K
#define PUT_A PUT_ALONG_K
#endif
#if TRANSPOSE_B
#define FETCH_B FETCH_ALONG_K
#define PUT_B PUT_ALONG_K
#else
#define FETCH_B FETCH_ALONG_LINES
#define PUT_B PUT_ALONG_LINES
#endif

// From global memory to this work-item's registers, and from there to local memory.
#define FETCH_TILES \
  FETCH_A(runs_a, RUNS_A, floats_4, a, 0, TILE_M, first_m, m, lda, aligned_a) \
  FETCH_B(runs_b, RUNS_B, stored_4, b, begin_b, TILE_N, first_n, n, ldb, aligned_b)
#define PUT_TILES(buffer) \
  PUT_A(tile_a[buffer], runs_a, RUNS_A, PITCH_M, TILE_M) \
  PUT_B(tile_b[buffer], runs_b, RUNS_B, PITCH_N, TILE_N)

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void matmul_tile(
  __global float *restrict c, const __global float *restrict a, const __global stored_t *restrict b,
  const int m, const int n, const int all_k, const int lda, const int ldb, const int ldc,
  const ulong stride_a, const ulong stride_b, const ulong stride_c, const int accumulate, const int split_depth
) {
  __local float tile_a[2][TILE_K * PITCH_M] __attribute__((aligned(16)));
  __local float tile_b[2][TILE_K * PITCH_N] __attribute__((aligned(16)));
  const int item_n = get_local_id(0) % ITEMS_N, item_m = get_local_id(0) / ITEMS_N;
  const int2 place = tile_of_group(m, n, TILE_M, TILE_N);
  const int first_m = place.s0, first_n = place.s1;
  const bool aligned_a = runs_are_aligned(lda, stride_a, 4), aligned_b = runs_are_aligned(ldb, stride_b, 4);
  const bool aligned_c = runs_are_aligned(ldc, stride_c, 4);
  const size_t batch = get_group_id(2);
  a += batch * stride_a;
  const size_t begin_b = batch * stride_b;
  c += (batch + get_group_id(1)) * stride_c;
  int first_k = get_group_id(1) * split_depth, current = 0;
  const int k = min(all_k, first_k + split_depth);  // where this group's depths end

  // A work-item's rows and columns come in runs of 4, the runs of neighbours side by side.
  float sums[REGISTER_M][REGISTER_N];
#pragma unroll
  for (int i = 0; i < REGISTER_M; ++i) {
#pragma unroll
    for (int j = 0; j < REGISTER_N; ++j) sums[i][j] = 0.0f;
  }
  float4 runs_a[RUNS_A], runs_b[RUNS_B];
  FETCH_TILES
  PUT_TILES(0)
  barrier(CLK_LOCAL_MEM_FENCE);  // the first tiles are complete
  while (true) {
    first_k += TILE_K;
    const bool more = first_k < k;
    if (more) {
      FETCH_TILES
    }
    const __local float *columns = tile_a[current] + item_m * 4, *rows = tile_b[current] + item_n * 4;
#pragma unroll
    for (int depth = 0; depth < TILE_K; ++depth) {
      float column[REGISTER_M], row[REGISTER_N];
#pragma unroll
      for (int i = 0; i < REGISTER_M / 4; ++i) {
        vstore4(*(const __local float4 *)(columns + depth * PITCH_M + i * ITEMS_M * 4), i, column);
      }
#pragma unroll
      for (int j = 0; j < REGISTER_N / 4; ++j) {
        vstore4(*(const __local float4 *)(rows + depth * PITCH_N + j * ITEMS_N * 4), j, row);
      }
#pragma unroll
      for (int i = 0; i < REGISTER_M; ++i) {
#pragma unroll
        for (int j = 0; j < REGISTER_N; ++j) sums[i][j] += column[i] * row[j];
      }
    }
    if (!more) break;
    current ^= 1;
    PUT_TILES(current)
    barrier(CLK_LOCAL_MEM_FENCE);  // these tiles are complete, and every work-item has read the others
  }

#pragma unroll
  for (int i = 0; i < REGISTER_M; ++i) {
    const int row = first_m + (i / 4 * ITEMS_M + item_m) * 4 + i % 4;
    if (row >= m) continue;
#pragma unroll
    for (int j = 0; j < REGISTER_N; j += 4) {
      const int column = first_n + (j / 4 * ITEMS_N + item_n) * 4;
      __global float *to = c + (size_t)row * ldc + column;
      if (aligned_c && column + 4 <= n) {
        const float4 sum = (float4)(sums[i][j], sums[i][j + 1], sums[i][j + 2], sums[i][j + 3]);
        *(__global float4 *)to = accumulate ? *(__global float4 *)to + sum : sum;
      } else {
#pragma unroll
        for (int l = 0; l < 4; ++l) {
          if (column + l < n) to[l] = accumulate ? to[l] + sums[i][j + l] : sums[i][j + l];
        }
      }
    }
  }
}
