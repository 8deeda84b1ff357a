// Purpose: tries what a device may lack, in a process that may end by it: `accrete` runs it in a child.
// Math: probe_bf16: out[i] += a[i].lo · b[i].lo + a[i].hi · b[i].hi, of pairs of bf16, by the processor's instruction.
// Shapes: out [16]; pairs [2, 16], a and b, two bf16 a uint.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-item.
// Numerics: the processor's.
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS.

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void probe_bf16(__global float *restrict out, const __global uint *restrict pairs) {
  float16 sum = vload16(0, out);
  const uint16 a = vload16(0, pairs), b = vload16(1, pairs);
  __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(b), "v"(a));
  vstore16(sum, 0, out);
}
