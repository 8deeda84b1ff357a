// Purpose: matrix product in bf16 by the matrix units of Intel's and AMD's GPUs.
// Math: C = A · Bᵀ, or C += A · Bᵀ.
// Shapes (row-major): as matmul/mma.cl.
// Gradient contract: C `=` (accumulate 0) or `+=` (accumulate 1).
// Saved for backward: nothing.
// Parallelism: a group of WAVES_M × WAVES_N sub-groups owns a TILE_M × TILE_N tile of C, a sub-group an even share of
//   it in its work-items' registers. While it multiplies tiles of A and B in local memory, the next ones are on their
//   way into registers. A group in dimension 1 takes split_depth of the depths. Global size as matmul/mma.cl.
// Numerics: prelude/units.cl's, in the order of K.
// Source: as prelude/units.cl.

#include "matmul/group.cl"
#include "prelude/local.cl"
#include "prelude/units.cl"

#ifndef TILE_M
#define TILE_M 64  // rows of C of a group
#endif
#ifndef TILE_N
#define TILE_N 64  // columns of C of a group
#endif
#define WAVES_M 2  // sub-groups along the rows of a tile; TILE_M / WAVES_M is a multiple of UNIT_M
#define WAVES_N 2  // and along its columns; TILE_N / WAVES_N of UNIT_N
#define TILE_K 32
#define CHUNKS (TILE_K / 8)      // of 16 bytes, of a line of a tile
#define LINE_PITCH (TILE_K + 8)  // elements from a line to the next in local memory, for the banks
#define GROUP_SIZE (WAVES_M * WAVES_N * UNIT_LANES)
#define WAVE_M (TILE_M / WAVES_M)
#define WAVE_N (TILE_N / WAVES_N)
#define BLOCKS_M (WAVE_M / UNIT_M)
#define BLOCKS_N (WAVE_N / UNIT_N)
#define COPIES ((TILE_M + TILE_N) * CHUNKS / GROUP_SIZE)  // of a work-item, for each step

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) UNIT_KERNEL
void matmul_units(
  __global float *restrict c, const __global ushort *restrict a, const __global ushort *restrict b,
  const int m, const int n, const int depth, const ulong begin_a, const ulong begin_b, const int accumulate,
  const int split_depth
) {
  __local ushort tiles[(TILE_M + TILE_N) * LINE_PITCH] __attribute__((aligned(16)));  // lines of A, then of B
  const int2 place = tile_of_group(m, n, TILE_M, TILE_N);
  const int first_m = place.s0, first_n = place.s1;
  const size_t batch = get_group_id(2);
  a += begin_a + batch * m * depth;
  b += begin_b + batch * n * depth;
  c += (batch + get_group_id(1)) * m * n;
  const int first_depth = get_group_id(1) * split_depth;
  const int steps = min(depth - first_depth, split_depth) / TILE_K;
  const int wave = (int)get_local_id(0) / UNIT_LANES;
  const int wave_m = wave % WAVES_M * WAVE_M, wave_n = wave / WAVES_M * WAVE_N;

  // Lines beyond the matrices repeat the last one, and go unused.
  const __global ushort *from[COPIES];
  __local ushort *to[COPIES];
  uint4 next[COPIES];
#pragma unroll
  for (int i = 0; i < COPIES; ++i) {
    const int copy = (int)get_local_id(0) + i * GROUP_SIZE, line = copy / CHUNKS, chunk = copy % CHUNKS;
    from[i] = (line < TILE_M ? a + (size_t)min(first_m + line, m - 1) * depth
                             : b + (size_t)min(first_n + line - TILE_M, n - 1) * depth)
      + first_depth + chunk * 8;
    to[i] = tiles + line * LINE_PITCH + chunk * 8;
    next[i] = *(const __global uint4 *)from[i];
  }
  unit_sums_t sums[BLOCKS_M][BLOCKS_N];
#pragma unroll
  for (int i = 0; i < BLOCKS_M; ++i) {
#pragma unroll
    for (int j = 0; j < BLOCKS_N; ++j) sums[i][j] = (unit_sums_t)(0.0f);
  }
  for (int step = 0; step < steps; ++step) {
    barrier(CLK_LOCAL_MEM_FENCE);  // every sub-group has read the tiles of the step before
#pragma unroll
    for (int i = 0; i < COPIES; ++i) *(__local uint4 *)to[i] = next[i];
    barrier(CLK_LOCAL_MEM_FENCE);  // the tiles are complete
    if (step + 1 < steps) {
#pragma unroll
      for (int i = 0; i < COPIES; ++i) next[i] = *(const __global uint4 *)(from[i] + (step + 1) * TILE_K);
    }
#pragma unroll
    for (int k = 0; k < TILE_K; k += UNIT_K) {
      unit_a_t parts_a[BLOCKS_M];
#pragma unroll
      for (int i = 0; i < BLOCKS_M; ++i) {
        parts_a[i] = load_unit_a(tiles + (wave_m + i * UNIT_M) * LINE_PITCH + k, LINE_PITCH);
      }
#pragma unroll
      for (int j = 0; j < BLOCKS_N; ++j) {
        const unit_b_t part_b = load_unit_b(tiles + (TILE_M + wave_n + j * UNIT_N) * LINE_PITCH + k, LINE_PITCH);
#pragma unroll
        for (int i = 0; i < BLOCKS_M; ++i) sums[i][j] = multiply_unit(parts_a[i], part_b, sums[i][j]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < BLOCKS_M; ++i) {
#pragma unroll
    for (int j = 0; j < BLOCKS_N; ++j) {
      const int column = first_n + wave_n + j * UNIT_N + UNIT_SUM_COLUMN;
      float results[UNIT_SUMS];
      STORE_UNIT_SUMS(sums[i][j], results);
#pragma unroll
      for (int l = 0; l < UNIT_SUMS; ++l) {
        const int row = first_m + wave_m + i * UNIT_M + UNIT_SUM_ROW(l);
        if (row >= m || column >= n) continue;
        __global float *target = c + (size_t)row * n + column;
        *target = accumulate ? *target + results[l] : results[l];
      }
    }
  }
}
