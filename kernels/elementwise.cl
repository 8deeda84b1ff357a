// Purpose: element-wise sums, products, scaling and soft caps of whole tensors.
// Math: out = a + b;  out += a;  out = factor · a;  out = a · b;  da = dout · a_other, the gradient of a product;
//   out = cap · tanh(a / cap);  da = dout · (1 − (out / cap)²), the gradient of a soft cap.
// Shapes (row-major): all [n].
// Gradient contract: accumulate `+=`; scale_forward, multiply_backward and soft_cap_backward `=` (accumulate 0) or `+=` (accumulate 1);
//   the others `=`.
// Saved for backward: multiply: both operands; soft_cap: out.
// Parallelism: GROUP_ELEMENTS consecutive elements a work-group.
// Numerics: float.
// Source: none.

#include "prelude/common.cl"
#include "prelude/tanh.cl"

DEFINE_TANH(tanh_lanes, floatv, exp_lanes, 1.0f)

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void add_forward(
  __global float *restrict out, const __global float *restrict a, const __global float *restrict b, const ulong n
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(out + i, load_lanes(a + i, end - i) + load_lanes(b + i, end - i), end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void accumulate(__global float *restrict out, const __global float *restrict a, const ulong n) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    update_lanes(out + i, load_lanes(a + i, end - i), end - i, 1);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void scale_forward(
  __global float *restrict out, const __global float *restrict a, const ulong n, const float factor,
  const int accumulate
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    update_lanes(out + i, load_lanes(a + i, end - i) * factor, end - i, accumulate);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void multiply_forward(
  __global float *restrict out, const __global float *restrict a, const __global float *restrict b, const ulong n
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(out + i, load_lanes(a + i, end - i) * load_lanes(b + i, end - i), end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void multiply_backward(
  __global float *restrict da, const __global float *restrict a_other, const __global float *restrict dout,
  const ulong n, const int accumulate
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    update_lanes(da + i, load_lanes(dout + i, end - i) * load_lanes(a_other + i, end - i), end - i, accumulate);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void soft_cap_forward(__global float *restrict out, const __global float *restrict a, const ulong n, const float cap) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    store_lanes(out + i, tanh_lanes(load_lanes(a + i, end - i) / cap) * cap, end - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void soft_cap_backward(
  __global float *restrict da, const __global float *restrict dout, const __global float *restrict out, const ulong n,
  const float cap, const int accumulate
) {
  const size_t end = group_end(n);
  for (size_t i = group_begin() + get_local_id(0) * VECTOR_WIDTH; i < end; i += WG_SIZE * VECTOR_WIDTH) {
    const floatv share = load_lanes(out + i, end - i) / cap;
    update_lanes(da + i, load_lanes(dout + i, end - i) * (1.0f - share * share), end - i, accumulate);
  }
}
