// Purpose: rotary position embedding of queries and keys; with direction −1 its backward, since a rotation's transpose
//   is its inverse.
// Math: for the pair (a, b) = (x[i], x[i + P]), i < P, of a head at position p: out[i] = a · cos − b · sin,
//   out[i + P] = b · cos + a · sin, with cos and sin of p · θ_i; direction −1 negates sin. P is D/2, or less: then the
//   columns from 2P on pass as they are.
// Shapes (row-major): out0, x0 [rows, heads0, D]; out1, x1 [rows, heads1, D], absent where heads1 is 0; table
//   [positions, 2P], its first P columns cos, the others sin; positions [rows] int.
// Gradient contract: out `=`; in the backward pass out is dx and x is dout.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid; a work-item rotates VECTOR_WIDTH pairs at once.
// Numerics: float; the table is computed by the host.
// Source: arXiv:2104.09864, equation 34, with pairs as in Hugging Face's rotate-half.

#include "prelude/common.cl"

// Rotates the heads of one row by the angles of its position, `pairs` cosines, then as many sines, and copies the columns
// that are in no pair.
static inline void turn_row(
  __global float *out, const __global float *x, const __global float *angles, const int heads, const int head_size,
  const int pairs, const float direction
) {
  const int vectors = (pairs + VECTOR_WIDTH - 1) / VECTOR_WIDTH;  // vectors of pairs in a head
  for (int unit = get_local_id(0); unit < heads * vectors; unit += WG_SIZE) {
    const int i = unit % vectors * VECTOR_WIDTH;
    const int offset = unit / vectors * head_size + i;
    const floatv a = load_lanes(x + offset, pairs - i), b = load_lanes(x + offset + pairs, pairs - i);
    const floatv cosine = load_lanes(angles + i, pairs - i);
    const floatv sine = load_lanes(angles + pairs + i, pairs - i) * direction;
    store_lanes(out + offset, a * cosine - b * sine, pairs - i);
    store_lanes(out + offset + pairs, b * cosine + a * sine, pairs - i);
  }
  const int others = head_size - 2 * pairs, other_vectors = (others + VECTOR_WIDTH - 1) / VECTOR_WIDTH;
  for (int unit = get_local_id(0); unit < heads * other_vectors; unit += WG_SIZE) {
    const int i = unit % other_vectors * VECTOR_WIDTH;
    const int offset = unit / other_vectors * head_size + 2 * pairs + i;
    store_lanes(out + offset, load_lanes(x + offset, others - i), others - i);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rope_apply(
  __global float *restrict out0, const __global float *restrict x0, const int heads0, __global float *restrict out1,
  const __global float *restrict x1, const int heads1, const __global float *restrict table,
  const __global int *restrict positions, const int rows, const int head_size, const int pairs, const float direction
) {
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const __global float *angles = table + (size_t)positions[row] * 2 * pairs;
    const size_t first0 = (size_t)row * heads0 * head_size, first1 = (size_t)row * heads1 * head_size;
    turn_row(out0 + first0, x0 + first0, angles, heads0, head_size, pairs, direction);
    turn_row(out1 + first1, x1 + first1, angles, heads1, head_size, pairs, direction);
  }
}
