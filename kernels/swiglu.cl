// Purpose: the gated activation of the feed-forward block, forward and backward.
// Math: by ACTIVATION, with σ(z) = 1 / (1 + exp(−z)):
//   0: out = SiLU(gate) · up, SiLU(z) = z · σ(z);
//     dgate = dout · up · σ · (1 + gate · (1 − σ)), dup = dout · SiLU(gate), with σ = σ(gate);
//   1: out = GELU(gate) · up, GELU as in prelude/gelu.cl; dgate = dout · up · GELU'(gate), dup = dout · GELU(gate).
// Shapes (row-major): all [n].
// Gradient contract: dgate `=`, dup `=`.
// Saved for backward: gate and up.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float, exp to about 1 ulp.
// Source: arXiv:2002.05202, equation 6.

#include "prelude/common.cl"
#include "prelude/gelu.cl"

#ifndef ACTIVATION
#define ACTIVATION 0  // a number of the list above
#endif

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void swiglu_forward(
  __global float *restrict out, const __global float *restrict gate, const __global float *restrict up, const ulong n
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv z = load_lanes(gate + i, end - i);
#if ACTIVATION == 0
    const floatv s = sigmoid(z);
#else
    const floatv s = gelu_factor(z);
#endif
    store_lanes(out + i, z * s * load_lanes(up + i, end - i), end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void swiglu_backward(
  __global float *restrict dgate, __global float *restrict dup,
  const __global float *restrict dout, const __global float *restrict gate, const __global float *restrict up,
  const ulong n
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv z = load_lanes(gate + i, end - i);
    const floatv gradient = load_lanes(dout + i, end - i);
#if ACTIVATION == 0
    const floatv s = sigmoid(z);
    const floatv slope = s * (1.0f + z * (1.0f - s));
#else
    const floatv s = gelu_factor(z);
    const floatv slope = gelu_slope(z, s);
#endif
    store_lanes(dgate + i, gradient * load_lanes(up + i, end - i) * slope, end - i);
    store_lanes(dup + i, gradient * (z * s), end - i);
  }
}
