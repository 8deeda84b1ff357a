// Purpose: the loss of each row of logits, and its gradient, which replaces the logits.
// Math: row_loss = log Σ exp(logit) − logit[target];  dlogits = (softmax(logits) − onehot(target)) · scale.
//   With WEIGHTED both are multiplied by the row's weight. With SOFT_CAP cap · tanh(logit / cap) stands for each logit,
//   and dlogits has its slope 1 − tanh² as a factor.
// Shapes (row-major): row_loss [rows]; logits [rows, columns], columns being the vocabulary, or several such matrices
//   end to end, of part_columns columns each and the rest in the last; targets [rows] int; row_weights [rows], at least
//   0.
// Gradient contract: dlogits `=`, in the memory of logits.
// Saved for backward: nothing; the gradient is made with the loss.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float, shifted by the row's maximum; accumulates in a fixed order. A row is ignored (loss 0, gradient 0)
//   where its target is −100 or otherwise outside 0 ..< columns, or its weight is 0. A NaN or +infinity in any other
//   row gives a loss that is not finite; with SOFT_CAP +infinity is the cap.
// Source: Milakov and Gimelshein, arXiv:1805.02867, algorithm 2; the label −100 is PyTorch's ignore_index.

#include "prelude/common.cl"

#ifndef WEIGHTED
#define WEIGHTED 0  // 1: each row has a weight
#endif
#if WEIGHTED
#define WEIGHTS_ARGUMENT , const __global float *restrict row_weights
#define WEIGHED(value) ((value) * row_weights[row])
#define COUNTS (row_weights[row] > 0.0f)
#else
#define WEIGHTS_ARGUMENT
#define WEIGHED(value) (value)
#define COUNTS true
#endif

#ifndef SOFT_CAP
#define SOFT_CAP 0  // 1: logits are capped, and the kernels take the cap
#endif
#if SOFT_CAP
#include "prelude/tanh.cl"
DEFINE_TANH(tanh_lanes, floatv, exp_lanes, 1.0f)
#define CAP_ARGUMENT , const float cap
#define CAPPED_LOGIT(logit) (cap * tanh((logit) / cap))
// Lanes beyond the last column stay −infinity.
#define CAPPED(lanes) capped_lanes(lanes, cap)
static inline floatv capped_lanes(const floatv logits, const float cap) {
  const floatv capped = tanh_lanes(logits / cap) * cap;
  return logits == -INFINITY ? logits : capped;
}
#else
#define CAP_ARGUMENT
#define CAPPED_LOGIT(logit) (logit)
#define CAPPED(lanes) (lanes)
#endif

// The columns of the part that begins at column `begin`; the row within that part's matrix; the target's logit.
#define PART_WIDTH(begin) min(part_columns, columns - (begin))
#define PART_ROW(begin) (logits + (size_t)(begin) * rows + (size_t)row * PART_WIDTH(begin))
#define TARGET_LOGIT (PART_ROW(target / part_columns * part_columns)[target % part_columns])

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cross_entropy_forward(
  __global float *restrict row_loss, const __global float *restrict logits, const __global int *restrict targets,
  const int rows, const int columns, const int part_columns WEIGHTS_ARGUMENT CAP_ARGUMENT
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const int target = targets[row];
    const bool supervised = target >= 0 && target < columns && COUNTS;
    const int end = supervised ? columns : 0;  // logits of ignored rows are not read
    floatv largest = (floatv)(-INFINITY);
    for (int begin = 0; begin < end; begin += part_columns) {
      const int width = PART_WIDTH(begin);
      for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
        largest = vector_max(CAPPED(load_lanes_or(PART_ROW(begin) + i, width - i, -INFINITY)), largest);
      }
    }
    const float maximum = group_max(lane_max(largest), scratch);
    floatv sums = (floatv)(0.0f);
    for (int begin = 0; begin < end; begin += part_columns) {
      const int width = PART_WIDTH(begin);
      for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
        sums += exp_lanes(CAPPED(load_lanes_or(PART_ROW(begin) + i, width - i, -INFINITY)) - maximum);
      }
    }
    const float sum = group_sum(lane_sum(sums), scratch);
    if (first == 0) row_loss[row] = supervised ? WEIGHED(log(sum) + (maximum - CAPPED_LOGIT(TARGET_LOGIT))) : 0.0f;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cross_entropy_gradient(
  __global float *restrict row_loss, __global float *restrict logits, const __global int *restrict targets,
  const int rows, const int columns, const int part_columns, const float scale WEIGHTS_ARGUMENT CAP_ARGUMENT
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const int target = targets[row];
    const bool supervised = target >= 0 && target < columns && COUNTS;
    const int end = supervised ? columns : 0;
#if !SOFT_CAP
    const float target_logit = supervised ? TARGET_LOGIT : 0.0f;
#endif
    floatv largest = (floatv)(-INFINITY);
    for (int begin = 0; begin < end; begin += part_columns) {
      const int width = PART_WIDTH(begin);
      for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
        const floatv logit = CAPPED(load_lanes_or(PART_ROW(begin) + i, width - i, -INFINITY));
        largest = vector_max(logit, largest);
#if SOFT_CAP
        store_lanes(PART_ROW(begin) + i, logit, width - i);
#endif
      }
    }
    // The barriers of group_max also order all reads of target_logit before the writes below; with SOFT_CAP, the writes
    // above before its read.
    const float maximum = group_max(lane_max(largest), scratch);
#if SOFT_CAP
    const float target_logit = supervised ? TARGET_LOGIT : 0.0f;
#endif
    floatv sums = (floatv)(0.0f);
    for (int begin = 0; begin < end; begin += part_columns) {
      const int width = PART_WIDTH(begin);
      for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
        const floatv exponential = exp_lanes(load_lanes_or(PART_ROW(begin) + i, width - i, -INFINITY) - maximum);
        sums += exponential;
#if !SOFT_CAP
        store_lanes(PART_ROW(begin) + i, exponential, width - i);
#endif
      }
    }
    const float sum = group_sum(lane_sum(sums), scratch);
    const float row_scale = WEIGHED(scale);
    const float factor = row_scale / sum;
    for (int begin = 0; begin < columns; begin += part_columns) {
      const int width = PART_WIDTH(begin);
      for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
        // An ignored row is set, not multiplied: its logits may be NaN.
#if SOFT_CAP
        // The capped logit, of which the slope is made too.
        const floatv logit = load_lanes(PART_ROW(begin) + i, width - i), tangent = logit / cap;
        const floatv slope = 1.0f - tangent * tangent;
        const floatv share = supervised ? exp_lanes(logit - maximum) * factor * slope : (floatv)(0.0f);
        const float target_share = row_scale * (1.0f - (target_logit / cap) * (target_logit / cap));
#else
        const floatv share = supervised ? load_lanes(PART_ROW(begin) + i, width - i) * factor : (floatv)(0.0f);
        const float target_share = row_scale;
#endif
        store_lanes(PART_ROW(begin) + i, share, width - i);
        const int column = target - begin;
        if (supervised && column >= i && column < i + VECTOR_WIDTH && column < width) TARGET_LOGIT -= target_share;
      }
    }
    if (first == 0) row_loss[row] = supervised ? WEIGHED(log(sum) + (maximum - target_logit)) : 0.0f;
  }
}
