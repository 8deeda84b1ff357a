// Purpose: the loss of each row of logits, and its gradient written over the logits.
// Math: row_loss = log Σ exp(logit) − logit[target];  dlogits = (softmax(logits) − onehot(target)) · scale.
// Shapes (row-major): row_loss [rows]; logits [rows, columns], columns being the vocabulary; targets [rows] in int.
// Gradient contract: dlogits `=`, in the memory of logits.
// Saved for backward: nothing, the gradient is made with the loss.
// Parallelism: one work-group a row, rows taken in strides of the grid.
// Numerics: float, shifted by the row's maximum; accumulates in a fixed order. A row is ignored (loss 0, gradient 0)
//   where its target is −100, as for every target outside 0 ..< columns. A NaN or +infinity in a supervised row gives a
//   loss that is not finite.
// Source: Milakov and Gimelshein, arXiv:1805.02867, algorithm 2; the label −100 is PyTorch's ignore_index.

#include "common.cl"

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cross_entropy_forward(
  __global float *restrict row_loss, const __global float *restrict logits, const __global int *restrict targets,
  const int rows, const int columns
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    const int target = targets[row];
    const bool supervised = target >= 0 && target < columns;
    const int width = supervised ? columns : 0;  // an ignored row's logits are not read
    floatv largest = (floatv)(-INFINITY);
    for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
      largest = vector_max(load_lanes_or(logits + offset + i, width - i, -INFINITY), largest);
    }
    const float maximum = group_max(lane_max(largest), scratch);
    floatv sums = (floatv)(0.0f);
    for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
      sums += exp_lanes(load_lanes_or(logits + offset + i, width - i, -INFINITY) - maximum);
    }
    const float sum = group_sum(lane_sum(sums), scratch);
    if (first == 0) row_loss[row] = supervised ? log(sum) + (maximum - logits[offset + target]) : 0.0f;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

__kernel __attribute__((reqd_work_group_size(WG_SIZE, 1, 1)))
void cross_entropy_gradient(
  __global float *restrict row_loss, __global float *restrict logits, const __global int *restrict targets,
  const int rows, const int columns, const float scale
) {
  GROUP_SCRATCH(scratch);
  const int first = get_local_id(0) * VECTOR_WIDTH;
  for (int row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    const size_t offset = (size_t)row * columns;
    const int target = targets[row];
    const bool supervised = target >= 0 && target < columns;
    const int width = supervised ? columns : 0;
    const float target_logit = supervised ? logits[offset + target] : 0.0f;
    floatv largest = (floatv)(-INFINITY);
    for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
      largest = vector_max(load_lanes_or(logits + offset + i, width - i, -INFINITY), largest);
    }
    // Its barriers also part the reading of target_logit from the writing below.
    const float maximum = group_max(lane_max(largest), scratch);
    floatv sums = (floatv)(0.0f);
    for (int i = first; i < width; i += WG_SIZE * VECTOR_WIDTH) {
      const floatv exponential = exp_lanes(load_lanes_or(logits + offset + i, width - i, -INFINITY) - maximum);
      sums += exponential;
      store_lanes(logits + offset + i, exponential, width - i);
    }
    const float sum = group_sum(lane_sum(sums), scratch);
    const float factor = scale / sum;
    for (int i = first; i < columns; i += WG_SIZE * VECTOR_WIDTH) {
      // An ignored row is set and not multiplied: its logits may be anything.
      const floatv share = supervised ? load_lanes(logits + offset + i, columns - i) * factor : (floatv)(0.0f);
      store_lanes(logits + offset + i, share, columns - i);
      if (supervised && target >= i && target < i + VECTOR_WIDTH) logits[offset + target] -= scale;
    }
    if (first == 0) row_loss[row] = supervised ? log(sum) + (maximum - target_logit) : 0.0f;
  }
}
