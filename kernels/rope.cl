// Purpose: rotary position embedding of queries or keys; with direction −1 its backward, since a rotation's transpose
//   is the rotation back.
// Math: for the pair (a, b) = (x[i], x[i + D/2]) at position p: out[i] = a · cos − b · sin, out[i + D/2] = b · cos +
//   a · sin, cos and sin of p · θ_i; direction −1 turns the sign of sin.
// Shapes (row-major): out, x [rows, heads, D]; table [positions, D], its first D/2 columns cos, the others sin;
//   positions [rows] in int.
// Gradient contract: out `=`; for backward, out is dx and x is dout.
// Saved for backward: nothing.
// Parallelism: one work-group a row, rows taken in strides of the grid; a work-item turns VECTOR_WIDTH pairs at once.
// Numerics: float; the table is computed by the host.
// Source: arXiv:2104.09864, equation 34, with the pairs laid out as in Hugging Face's rotate-half form.

#include "common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rope_apply(
  __global float *restrict out,
  const __global float *restrict x, const __global float *restrict table, const __global int *restrict positions,
  const int rows, const int heads, const int head_size, const float direction
) {
  const int pairs = head_size / 2;
  const int vectors = (pairs + VECTOR_WIDTH - 1) / VECTOR_WIDTH;  // of a head
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const __global float *cosines = table + (size_t)positions[row] * head_size;
    const __global float *sines = cosines + pairs;
    for (int unit = get_local_id(0); unit < heads * vectors; unit += WG_SIZE) {
      const int head = unit / vectors, i = unit % vectors * VECTOR_WIDTH;
      const size_t offset = ((size_t)row * heads + head) * head_size + i;
      const floatv a = load_lanes(x + offset, pairs - i), b = load_lanes(x + offset + pairs, pairs - i);
      const floatv cosine = load_lanes(cosines + i, pairs - i);
      const floatv sine = load_lanes(sines + i, pairs - i) * direction;
      store_lanes(out + offset, a * cosine - b * sine, pairs - i);
      store_lanes(out + offset + pairs, b * cosine + a * sine, pairs - i);
    }
  }
}
