// Purpose: tries sums and maxima by sub-groups, where a driver claims to have them.
// Math: out[0] = Σ, out[1] = max, of 1 … WG_SIZE.
// Shapes: out [2].
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-group.
// Numerics: exact.
// Source: none.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void probe_subgroups(__global float *restrict out) {
  GROUP_SCRATCH(scratch);
  const float own = (float)(get_local_id(0) + 1);
  const float total = group_sum(own, scratch), largest = group_max(own, scratch);
  if (get_local_id(0) == 0) vstore2((float2)(total, largest), 0, out);
}
