// Purpose: measures a device's peak rates: the roofline of `accrete bench`.
// Math: peak_multiply_add: each chain computes sum = sum · a + b, `steps` times; with BF16 = 2 the processor's
//   instruction adds two products of bf16 instead. Products in each of the `steps` iterations of the others:
//   peak_tiles: six of 16 × 32 by 32 × 16 bf16, in the processor's tile registers; peak_mma: eight of 16 × 16 by 16 × 8
//   bf16 for each warp, in a GPU's matrix units; peak_units: four of prelude/units.cl's for each sub-group. peak_copy:
//   out = x. peak_nothing: none.
// Shapes (row-major): multiply_add: out [work-items, VECTOR_WIDTH]; operands [2, VECTOR_WIDTH], a and b. copy: out, x
//   [n], n a multiple of GROUP_ELEMENTS. nothing: out [any].
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: multiply_add: each work-item has CHAINS independent sums. copy: GROUP_ELEMENTS consecutive elements a
//   work-group.
// Numerics: float; with a + b = 1 the sums stay near 1.
// Source: Williams, Waterman and Patterson, Roofline: an insightful visual performance model (2009).

#include "prelude/bf16.cl"
#include "prelude/common.cl"

#ifndef CHAINS
#define CHAINS 16  // independent sums: enough to hide an operation's latency on two ports, few enough for the registers
#endif

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void peak_multiply_add(__global float *restrict out, const __global float *restrict operands, const int steps) {
  const floatv a = VLOAD(operands);
  const floatv b = VLOAD(operands + VECTOR_WIDTH);
  floatv sums[CHAINS];
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain) sums[chain] = b * (float)(chain + 1);
  for (int step = 0; step < steps; ++step) {
#if BF16 == 2
#pragma unroll
    for (int chain = 0; chain < CHAINS; ++chain) {
      __asm__ volatile("vdpbf16ps %2, %1, %0" : "+v"(sums[chain]) : "v"(a), "v"(b));
    }
#else
#pragma unroll
    for (int chain = 0; chain < CHAINS; ++chain) sums[chain] = sums[chain] * a + b;
#endif
  }
  floatv total = (floatv)(0.0f);
#pragma unroll
  for (int chain = 0; chain < CHAINS; ++chain) total += sums[chain];
  VSTORE(total, out + get_global_id(0) * (size_t)VECTOR_WIDTH);
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void peak_copy(__global float *restrict out, const __global float *restrict x, const ulong n) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    VSTORE(VLOAD(x + i), out + i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void peak_nothing(__global float *restrict out) {
  if (out == 0) return;
}

// ---------------------------------------------------------------------------------------------------------------------

#if BF16 == 3
#include "matmul/amx.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void peak_tiles(__global float *restrict out, const __global float *restrict operands, const int steps) {
  uint ones[256] __attribute__((aligned(64)));
  for (int i = 0; i < 256; ++i) ones[i] = 0x3F803F80;
  configure_tiles();
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm6\n tileloadd (%0,%1,1), %%tmm7" : : "r"(ones), "r"(64L) : "memory");
  for (int step = 0; step < steps; ++step) {
    __asm__ volatile(
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm0\n tdpbf16ps %%tmm7, %%tmm6, %%tmm1\n tdpbf16ps %%tmm7, %%tmm6, %%tmm2\n"
      "tdpbf16ps %%tmm7, %%tmm6, %%tmm3\n tdpbf16ps %%tmm7, %%tmm6, %%tmm4\n tdpbf16ps %%tmm7, %%tmm6, %%tmm5" : :);
  }
  __asm__ volatile("tilestored %%tmm0, (%0,%1,1)\n tilerelease" : : "r"(ones), "r"(64L) : "memory");
  VSTORE((floatv)(as_float(ones[0])), out + get_global_id(0) * (size_t)VECTOR_WIDTH);
}
#endif

// ---------------------------------------------------------------------------------------------------------------------

#if BF16 == 4
#include "prelude/mma.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void peak_mma(__global float *restrict out, const __global float *restrict operands, const int steps) {
  const uint pair = bf16_pair_uint(operands[0], operands[VECTOR_WIDTH]);
  const uint a[4] = {pair, pair, pair, pair}, b[2] = {pair, pair};
  float sums[8][4];
#pragma unroll
  for (int chain = 0; chain < 8; ++chain) {
#pragma unroll
    for (int i = 0; i < 4; ++i) sums[chain][i] = 0.0f;
  }
  for (int step = 0; step < steps; ++step) {
#pragma unroll
    for (int chain = 0; chain < 8; ++chain) mma_multiply(sums[chain], a, b);
  }
  float total = 0.0f;
#pragma unroll
  for (int chain = 0; chain < 8; ++chain) total += sums[chain][0] + sums[chain][1] + sums[chain][2] + sums[chain][3];
  VSTORE((floatv)(total), out + get_global_id(0) * (size_t)VECTOR_WIDTH);
}
#endif

// ---------------------------------------------------------------------------------------------------------------------

#if BF16 == 5
#include "prelude/units.cl"

__kernel __attribute__((reqd_work_group_size(UNIT_LANES, 1, 1))) UNIT_KERNEL
void peak_units(__global float *restrict out, const __global float *restrict operands, const int steps) {
  const unit_a_t a = (unit_a_t)((ushort)(as_uint(operands[0]) >> 16));
  const unit_b_t b = (unit_b_t)((ushort)(as_uint(operands[VECTOR_WIDTH]) >> 16));
  unit_sums_t sums[4];
#pragma unroll
  for (int chain = 0; chain < 4; ++chain) sums[chain] = (unit_sums_t)(0.0f);
  for (int step = 0; step < steps; ++step) {
#pragma unroll
    for (int chain = 0; chain < 4; ++chain) sums[chain] = multiply_unit(a, b, sums[chain]);
  }
  float results[UNIT_SUMS];
  STORE_UNIT_SUMS((sums[0] + sums[1]) + (sums[2] + sums[3]), results);
  out[get_global_id(0)] = results[0];
}
#endif
