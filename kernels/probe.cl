// Purpose: tries instructions that a device may lack. They may end the process: `accrete` runs them in a child.
// Math: out[i] += a[i].lo · b[i].lo + a[i].hi · b[i].hi, of pairs of bf16, by the matrix instruction of each kernel.
// Shapes (row-major): out [16]; pairs [2, 16], a and b, two bf16 in a uint.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-item; probe_mma: one warp of 32; probe_units: one sub-group of UNIT_LANES.
// Numerics: the instruction's.
// Source: prelude/units.cl; Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS and TDPBF16PS;
//   Parallel Thread Execution ISA, mma.sync.m16n8k16.

#ifdef PROBE_pairs
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void probe_pairs(__global float *restrict out, const __global uint *restrict pairs) {
  float16 sum = vload16(0, out);
  const uint16 a = vload16(0, pairs), b = vload16(1, pairs);
  __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(b), "v"(a));
  vstore16(sum, 0, out);
}
#endif

// ---------------------------------------------------------------------------------------------------------------------

#ifdef PROBE_tiles
#include "matmul/amx.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void probe_tiles(__global float *restrict out, const __global uint *restrict pairs) {
  // The pairs are A's first column and B's first row; the product's diagonal is the result.
  uint a[256] __attribute__((aligned(64))), b[256] __attribute__((aligned(64)));
  float sums[256] __attribute__((aligned(64)));
  for (int i = 0; i < 256; ++i) {
    a[i] = i % 16 == 0 ? pairs[i / 16] : 0;
    b[i] = i < 16 ? pairs[16 + i] : 0;
  }
  configure_tiles();
  __asm__ volatile(
    "tilezero %%tmm0\n tileloadd (%0,%3,1), %%tmm6\n tileloadd (%1,%3,1), %%tmm7\n tdpbf16ps %%tmm7, %%tmm6, %%tmm0\n"
    "tilestored %%tmm0, (%2,%3,1)\n tilerelease"
    : : "r"(a), "r"(b), "r"(sums), "r"(64L) : "memory");
  for (int i = 0; i < 16; ++i) out[i] += sums[i * 17];
}
#endif

// ---------------------------------------------------------------------------------------------------------------------

#ifdef PROBE_mma
#include "prelude/mma.cl"

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void probe_mma(__global float *restrict out, const __global uint *restrict pairs) {
  // The pairs are the first two depths of A's 16 rows, and of B's 8 columns twice; the products' diagonals are the
  // result.
  __local uint a[16 * 8] __attribute__((aligned(16))), b[16 * 8] __attribute__((aligned(16)));
  const int lane = get_local_id(0), line = lane / 4, own = line / 2;
  for (int i = lane; i < 16 * 8; i += 32) {
    a[i] = i % 8 == 0 ? pairs[i / 8] : 0;
    b[i] = i % 8 == 0 ? pairs[16 + i / 8] : 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // both operands are complete
  uint parts_a[4], parts_b[4];
  float left[4] = {0.0f, 0.0f, 0.0f, 0.0f}, right[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  const int matrix = lane / 8, row = lane % 8;
  mma_load_parts(parts_a, (uint)(size_t)(a + (matrix % 2 * 8 + row) * 8 + matrix / 2 * 4));
  mma_load_parts(parts_b, (uint)(size_t)(b + (matrix / 2 * 8 + row) * 8 + matrix % 2 * 4));
  mma_multiply(left, parts_a, parts_b);
  mma_multiply(right, parts_a, parts_b + 2);
  if (lane % 4 == own) {
    out[line] += left[line % 2];
    out[8 + line] += right[2 + line % 2];
  }
}
#endif

// ---------------------------------------------------------------------------------------------------------------------

#ifdef PROBE_units
#include "prelude/local.cl"
#include "prelude/units.cl"

__kernel __attribute__((reqd_work_group_size(UNIT_LANES, 1, 1))) UNIT_KERNEL
void probe_units(__global float *restrict out, const __global uint *restrict pairs) {
  // In line i of A and of B, depth i holds the pair's first number and depth i ^ 1 the second: the product's diagonal
  // is the result. Beside it are only products of lines that share depths.
  __local ushort a[16 * UNIT_K] __attribute__((aligned(16))), b[16 * UNIT_K] __attribute__((aligned(16)));
  for (int i = UNIT_LANE; i < 16 * UNIT_K; i += UNIT_LANES) {
    const int line = i / UNIT_K, depth = i % UNIT_K;
    const int shift = depth == line ? 0 : 16;
    const bool is_pair = depth == line || depth == (line ^ 1);
    a[i] = is_pair ? (ushort)(pairs[line] >> shift) : 0;
    b[i] = is_pair ? (ushort)(pairs[16 + line] >> shift) : 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // both operands are complete
#pragma unroll
  for (int first = 0; first < 16; first += UNIT_M) {
    const int first_column = first / UNIT_N * UNIT_N;
    const unit_a_t part_a = load_unit_a(a + first * UNIT_K, UNIT_K);
    const unit_b_t part_b = load_unit_b(b + first_column * UNIT_K, UNIT_K);
    float results[UNIT_SUMS];
    STORE_UNIT_SUMS(multiply_unit(part_a, part_b, (unit_sums_t)(0.0f)), results);
#pragma unroll
    for (int i = 0; i < UNIT_SUMS; ++i) {
      const int line = first + UNIT_SUM_ROW(i);
      if (line == first_column + UNIT_SUM_COLUMN) out[line] += results[i];
    }
  }
}
#endif
