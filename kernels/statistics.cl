// Purpose: keeps a step's loss and norm on the device until the host logs.
// Math: slot = (loss_sum · loss_scale, norm, 1 if either is not finite else 0, 0).
// Shapes (row-major): statistics [slots, 4]; loss_sum [1]; norm [1].
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: one work-group; its first work-item writes.
// Numerics: float.
// Source: none.

#include "prelude/common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void record_step(
  __global float *restrict statistics, const __global float *restrict loss_sum, const __global float *restrict norm,
  const int slot, const float loss_scale
) {
  if (get_global_id(0) == 0) {
    const float loss = loss_sum[0] * loss_scale;
    const bool finite = isfinite(loss) && isfinite(norm[0]);
    vstore4((float4)(loss, norm[0], finite ? 0.0f : 1.0f, 0.0f), slot, statistics);
  }
}
