// Purpose: matrix product by work-group tiles in local memory: the base family for GPUs, in plain OpenCL C 1.2.
// Math: C = op(A) · op(B), or C += op(A) · op(B); op transposes as stored, by macro.
// Shapes (row-major): C [M, N] with row stride ldc; A [M, K], or [K, M] with TRANSPOSE_A, row stride lda;
//   B [K, N], or [N, K] with TRANSPOSE_B, row stride ldb, stored as storage.cl says. Matrix i of a batch starts
//   stride_a/b/c elements × i further.
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing; dA = dC · Bᵀ and dB = Aᵀ · dC are products of the same kernel.
// Parallelism: a 1-D group of MATMUL_WG_SIZE work-items owns a TILE_M × TILE_N tile of C, a work-item REGISTER_M ×
//   REGISTER_N of it in registers. Global size (ceil(N / TILE_N) · MATMUL_WG_SIZE, ceil(M / TILE_M), batch).
// Numerics: accumulates in float, in the order of K; elements outside the matrices count as 0. With BF16 the factors are
//   rounded to bf16 first, to nearest, ties to even.
// Source: the blocking of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008), section 4.

#include "bf16.cl"
#include "storage.cl"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0  // 1: A is stored [K, M]
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0  // 1: B is stored [N, K]
#endif
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
#define MATMUL_WG_SIZE (ITEMS_M * ITEMS_N)
#define PITCH_M (TILE_M + 4)  // floats between rows in local memory: 4 more keep float4 aligned and spread the banks
#define PITCH_N (TILE_N + 4)

// ---------------------------------------------------------------------------------------------------------------------
// A tile is [TILE_K][lines] in local memory, a line being a row of C (A's tile) or a column of C (B's). Its source is
// stored either with a line's K values side by side or with the lines of one k side by side; neighbouring work-items
// read neighbouring addresses in both.

#define LOAD_TILE_ALONG_K(tile, ELEMENT, pitch, tile_lines, first_line, lines, leading) \
  for (int i = get_local_id(0); i < tile_lines * TILE_K; i += MATMUL_WG_SIZE) { \
    const int depth = i % TILE_K, line = i / TILE_K; \
    const bool inside = first_line + line < lines && first_k + depth < k; \
    tile[depth * pitch + line] = inside ? ELEMENT((size_t)(first_line + line) * leading + first_k + depth) : 0.0f; \
  }

#define LOAD_TILE_ALONG_LINES(tile, ELEMENT, pitch, tile_lines, first_line, lines, leading) \
  for (int i = get_local_id(0); i < tile_lines * TILE_K; i += MATMUL_WG_SIZE) { \
    const int line = i % tile_lines, depth = i / tile_lines; \
    const bool inside = first_line + line < lines && first_k + depth < k; \
    tile[depth * pitch + line] = inside ? ELEMENT((size_t)(first_k + depth) * leading + first_line + line) : 0.0f; \
  }

#define A_ELEMENT(index) FACTOR(a[index])
#define B_ELEMENT(index) FACTOR(stored_at(b, begin_b + (index)))
#if TRANSPOSE_A
#define LOAD_A LOAD_TILE_ALONG_LINES
#else
#define LOAD_A LOAD_TILE_ALONG_K
#endif
#if TRANSPOSE_B
#define LOAD_B LOAD_TILE_ALONG_K
#else
#define LOAD_B LOAD_TILE_ALONG_LINES
#endif

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(MATMUL_WG_SIZE, 1, 1)))
void matmul_tile(
  __global float *restrict c, const __global float *restrict a, const __global stored_t *restrict b,
  const int m, const int n, const int k, const int lda, const int ldb, const int ldc,
  const ulong stride_a, const ulong stride_b, const ulong stride_c, const int accumulate
) {
  __local float tile_a[TILE_K * PITCH_M] __attribute__((aligned(16)));
  __local float tile_b[TILE_K * PITCH_N] __attribute__((aligned(16)));
  const int item_n = get_local_id(0) % ITEMS_N, item_m = get_local_id(0) / ITEMS_N;
  const int first_m = get_group_id(1) * TILE_M, first_n = get_group_id(0) * TILE_N;
  const size_t batch = get_group_id(2);
  a += batch * stride_a;
  const size_t begin_b = batch * stride_b;
  c += batch * stride_c;

  // A work-item's rows and columns come in runs of 4, the runs of neighbours side by side.
  float sums[REGISTER_M][REGISTER_N];
  for (int i = 0; i < REGISTER_M; ++i) {
    for (int j = 0; j < REGISTER_N; ++j) sums[i][j] = 0.0f;
  }
  for (int first_k = 0; first_k < k; first_k += TILE_K) {
    LOAD_A(tile_a, A_ELEMENT, PITCH_M, TILE_M, first_m, m, lda);
    LOAD_B(tile_b, B_ELEMENT, PITCH_N, TILE_N, first_n, n, ldb);
    barrier(CLK_LOCAL_MEM_FENCE);  // both tiles are complete
#pragma unroll
    for (int depth = 0; depth < TILE_K; ++depth) {
      float column[REGISTER_M], row[REGISTER_N];
      for (int i = 0; i < REGISTER_M / 4; ++i) {
        const int offset = depth * PITCH_M + (i * ITEMS_M + item_m) * 4;
        vstore4(*(const __local float4 *)(tile_a + offset), i, column);
      }
      for (int j = 0; j < REGISTER_N / 4; ++j) {
        const int offset = depth * PITCH_N + (j * ITEMS_N + item_n) * 4;
        vstore4(*(const __local float4 *)(tile_b + offset), j, row);
      }
      for (int i = 0; i < REGISTER_M; ++i) {
        for (int j = 0; j < REGISTER_N; ++j) sums[i][j] += column[i] * row[j];
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read both tiles: the next ones may overwrite them
  }

  for (int i = 0; i < REGISTER_M; ++i) {
    const int row = first_m + (i / 4 * ITEMS_M + item_m) * 4 + i % 4;
    for (int j = 0; j < REGISTER_N; ++j) {
      const int column = first_n + (j / 4 * ITEMS_N + item_n) * 4 + j % 4;
      if (row < m && column < n) {
        const size_t offset = (size_t)row * ldc + column;
        c[offset] = accumulate ? c[offset] + sums[i][j] : sums[i][j];
      }
    }
  }
}
