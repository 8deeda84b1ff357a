// Purpose: root-mean-square normalisation, forward and backward, of whole rows or of each head of a row by itself.
// Math: r = 1 / √(mean(x²) + eps);  out = (weight_offset + weight) · x̂ with x̂ = x · r;  rmsnorm_forward_added: the same
//   of x = a + b, which it stores as sum;  dx = r · (g − x̂ · mean(g · x̂)) with g = (weight_offset + weight) · dout;
//   dweight = Σ over rows and heads of dout · x̂.
// Shapes (row-major): out, x, sum, a, b, dx, dout [rows, heads, columns]; weight, dweight [columns]; rstd [rows, heads],
//   which is r; partials [parts, columns], part p summing the heads p · heads_per_part ..< (p + 1) · heads_per_part of
//   all rows end to end. A row that is normalised whole is one head.
// Gradient contract: dx `=` (accumulate 0) or `+=` (accumulate 1); partials `=`, which column_sum_final (reduce.cl)
//   sums to dweight.
// Saved for backward: x and rstd.
// Parallelism: one work-group a row, rows taken in strides of the grid; its work-items are teams of TEAM, with a head
//   each at a time. For the weight, group (column block, part) with COLUMN_BLOCK columns a block: global size
//   (ceil(columns / COLUMN_BLOCK) · WG_SIZE, parts).
// Numerics: accumulates in float, in a fixed order; no atomics. A weight_offset of −0 leaves every weight as it is.
// Source: arXiv:1910.07467, equation 4.

#include "prelude/common.cl"

#ifndef TEAM
#define TEAM WG_SIZE  // work-items that normalise a head together, a power of two
#endif
#define TEAMS (WG_SIZE / TEAM)
#define FIRST_COLUMN ((int)get_local_id(0) % TEAM * VECTOR_WIDTH)

// The sum of a team, for each of its work-items; all work-items of the group must call it, as group_sum.
#if TEAM == WG_SIZE
#define team_sum group_sum
#else
LOCAL_FUNCTION float team_sum(const float value, __local float *scratch) {
  const int item = get_local_id(0);
  scratch[item] = value;
  for (int stride = TEAM / 2; stride > 0; stride /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);  // the partial sums of the level below are complete
    if (item % TEAM < stride) scratch[item] += scratch[item + stride];
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // the totals are complete
  const float total = scratch[item / TEAM * TEAM];
  barrier(CLK_LOCAL_MEM_FENCE);  // every work-item has read its team's: scratch may be overwritten
  return total;
}
#endif

// The group's rows, TEAMS heads at a time. `place` is the team's head among those of all rows, `end` its columns: none
// for a team beyond the last head, which only takes part in the sums.
#define FOR_EACH_ROW for (int row = get_group_id(0); row < rows; row += get_num_groups(0))
#define FOR_TEAMS_OF_HEADS for (int first_head = 0; first_head < heads; first_head += TEAMS)
#define HEAD_OF_TEAM \
  const int head = first_head + (int)get_local_id(0) / TEAM, end = head < heads ? columns : 0; \
  const size_t place = (size_t)row * heads + head, offset = place * columns;

// Normalises a head from each work-item's sum of the squares of its own columns; reads only these columns of x.
LOCAL_FUNCTION void normalise_head(
  __global float *out, __global float *rstd, const __global float *x, const __global float *weight,
  const floatv squares, const int columns, const int end, const float eps, const float weight_offset,
  __local float *scratch
) {
  const int first = FIRST_COLUMN;
  const float r = 1.0f / sqrt(team_sum(lane_sum(squares), scratch) / columns + eps);
  for (int i = first; i < end; i += TEAM * VECTOR_WIDTH) {
    const floatv normalised = load_lanes(x + i, columns - i) * r;
    store_lanes(out + i, (load_lanes(weight + i, columns - i) + weight_offset) * normalised, columns - i);
  }
  if (first < min(end, 1)) *rstd = r;
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_forward(
  __global float *restrict out, __global float *restrict rstd,
  const __global float *restrict x, const __global float *restrict weight,
  const int rows, const int heads, const int columns, const float eps, const float weight_offset
) {
  GROUP_SCRATCH(scratch);
  FOR_EACH_ROW {
    FOR_TEAMS_OF_HEADS {
      HEAD_OF_TEAM
      floatv squares = (floatv)(0.0f);
      for (int i = FIRST_COLUMN; i < end; i += TEAM * VECTOR_WIDTH) {
        const floatv value = load_lanes(x + offset + i, columns - i);
        squares += value * value;
      }
      normalise_head(
        out + offset, rstd + place, x + offset, weight, squares, columns, end, eps, weight_offset, scratch);
    }
  }
}

// sum = a + b, and the norm of sum.

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_forward_added(
  __global float *restrict sum, __global float *restrict out, __global float *restrict rstd,
  const __global float *restrict a, const __global float *restrict b, const __global float *restrict weight,
  const int rows, const int heads, const int columns, const float eps, const float weight_offset
) {
  GROUP_SCRATCH(scratch);
  FOR_EACH_ROW {
    FOR_TEAMS_OF_HEADS {
      HEAD_OF_TEAM
      floatv squares = (floatv)(0.0f);
      for (int i = FIRST_COLUMN; i < end; i += TEAM * VECTOR_WIDTH) {
        const floatv value = load_lanes(a + offset + i, columns - i) + load_lanes(b + offset + i, columns - i);
        store_lanes(sum + offset + i, value, columns - i);
        squares += value * value;
      }
      normalise_head(
        out + offset, rstd + place, sum + offset, weight, squares, columns, end, eps, weight_offset, scratch);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_backward_input(
  __global float *restrict dx,
  const __global float *restrict dout, const __global float *restrict x, const __global float *restrict weight,
  const __global float *restrict rstd, const int rows, const int heads, const int columns, const float weight_offset,
  const int accumulate
) {
  GROUP_SCRATCH(scratch);
  FOR_EACH_ROW {
    FOR_TEAMS_OF_HEADS {
      HEAD_OF_TEAM
      const float r = end > 0 ? rstd[place] : 0.0f;
      floatv products = (floatv)(0.0f);
      for (int i = FIRST_COLUMN; i < end; i += TEAM * VECTOR_WIDTH) {
        const floatv scale = load_lanes(weight + i, columns - i) + weight_offset;
        const floatv g = scale * load_lanes(dout + offset + i, columns - i);
        products += g * (load_lanes(x + offset + i, columns - i) * r);
      }
      const float mean = team_sum(lane_sum(products), scratch) / columns;
      for (int i = FIRST_COLUMN; i < end; i += TEAM * VECTOR_WIDTH) {
        const floatv scale = load_lanes(weight + i, columns - i) + weight_offset;
        const floatv g = scale * load_lanes(dout + offset + i, columns - i);
        const floatv normalised = load_lanes(x + offset + i, columns - i) * r;
        update_lanes(dx + offset + i, (g - normalised * mean) * r, columns - i, accumulate);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------

// Here the heads of all rows, end to end, are the rows of a matrix whose columns are summed.

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void rmsnorm_backward_weight_partial(
  __global float *restrict partials,
  const __global float *restrict dout, const __global float *restrict x, const __global float *restrict rstd,
  const int all_heads, const int columns, const int heads_per_part
) {
  const int first = get_group_id(0) * COLUMN_BLOCK + get_local_id(0) * VECTOR_WIDTH;
  const int part = get_group_id(1);
  const int last = min(all_heads, (part + 1) * heads_per_part);
  floatv sums[COLUMN_VECTORS];
#pragma unroll
  for (int v = 0; v < COLUMN_VECTORS; ++v) sums[v] = (floatv)(0.0f);
  for (int place = part * heads_per_part; place < last; ++place) {
    const size_t offset = (size_t)place * columns;
    const float r = rstd[place];
#pragma unroll
    for (int v = 0; v < COLUMN_VECTORS; ++v) {
      const int i = first + v * WG_SIZE * VECTOR_WIDTH;
      if (i < columns) {
        sums[v] += load_lanes(dout + offset + i, columns - i) * (load_lanes(x + offset + i, columns - i) * r);
      }
    }
  }
#pragma unroll
  for (int v = 0; v < COLUMN_VECTORS; ++v) {
    const int i = first + v * WG_SIZE * VECTOR_WIDTH;
    store_lanes(partials + (size_t)part * columns + i, sums[v], columns - i);
  }
}
