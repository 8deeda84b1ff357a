// Purpose: tries what a device may lack, in a process that may end by it: `accrete` runs it in a child.
// Math: out[i] += a[i].lo · b[i].lo + a[i].hi · b[i].hi, of pairs of bf16, by the processor's instruction of that name.
// Shapes: out [16]; pairs [2, 16], a and b, two bf16 a uint.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-item.
// Numerics: the processor's.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS and TDPBF16PS.

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
#include "matmul_amx.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void probe_tiles(__global float *restrict out, const __global uint *restrict pairs) {
  // Tiles whose first line, and first column, hold the pairs: the product's diagonal is wanted.
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
