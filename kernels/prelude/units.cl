// Purpose: drives the matrix units of Intel's and AMD's GPUs, the work-items of a sub-group together. (NVIDIA's are in
//   prelude/mma.cl.) Elsewhere sub-group shuffles compute the same products, slowly: CPU devices check the kernels by
//   them, and no device chooses them.
// Math: multiply_unit: D += A · Bᵀ, with A [UNIT_M, UNIT_K], B [UNIT_N, UNIT_K] in bf16, D [UNIT_M, UNIT_N] in float.
// Shapes: each matrix is spread over UNIT_LANES adjacent work-items; (row, column) of element i of a work-item's
//   part, with h = lane / 16:
//            A                         B                         D
//   UNITS 1  (i / 2, 2 lane + i % 2)   (lane, i)                 (i, lane)                      Intel, sub-groups of 8
//   UNITS 2  (i, lane)                 (lane, i)                 (i, lane)                      Intel, of 16
//   UNITS 3  (lane % 16, i)            (lane % 16, i)            (2i + lane / 16, lane % 16)    AMD RDNA 3, of 32
//   UNITS 4  (lane % 16, 4h + i)       (lane % 16, 4h + i)       (4h + i, lane % 16)            AMD CDNA, of 64
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: all work-items of a sub-group call together; a work-item's lane is its local id modulo UNIT_LANES.
// Numerics: products of bf16 numbers, added to sums in the unit's own order.
// Source: cl_intel_subgroup_matrix_multiply_accumulate; AMD RDNA 3 and CDNA 2 instruction set architectures:
//   V_WMMA_F32_16X16X16_BF16, V_MFMA_F32_16X16X16_BF16_1K.

#ifndef UNITS
#define UNITS 2  // 1 Intel ×8, 2 Intel ×16, 3 AMD WMMA, 4 AMD MFMA: the table above
#endif

#define UNIT_K 16
#if UNITS == 1
#define UNIT_LANES 8
#define UNIT_M 8
#define UNIT_N 8
#elif UNITS == 2
#define UNIT_LANES 16
#define UNIT_M 8
#define UNIT_N 16
#elif UNITS == 3
#define UNIT_LANES 32
#define UNIT_M 16
#define UNIT_N 16
#else
#define UNIT_LANES 64
#define UNIT_M 16
#define UNIT_N 16
#endif
#define UNIT_SUMS (UNIT_M * UNIT_N / UNIT_LANES)  // sums of a work-item

#define UNIT_LANE ((int)get_local_id(0) % UNIT_LANES)

// The column and the row in D of a work-item's sum i.
#define UNIT_SUM_COLUMN (UNIT_LANE % UNIT_N)
#if UNITS == 1
typedef ushort16 unit_a_t;
typedef ushort16 unit_b_t;
typedef float8 unit_sums_t;
#define UNIT_SUM_ROW(i) (i)
#elif UNITS == 2
typedef ushort8 unit_a_t;
typedef ushort16 unit_b_t;
typedef float8 unit_sums_t;
#define UNIT_SUM_ROW(i) (i)
#elif UNITS == 3
typedef ushort16 unit_a_t;
typedef ushort16 unit_b_t;
typedef float8 unit_sums_t;
#define UNIT_SUM_ROW(i) (2 * (i) + UNIT_LANE / 16)
#else
typedef ushort4 unit_a_t;
typedef ushort4 unit_b_t;
typedef float4 unit_sums_t;
#define UNIT_SUM_ROW(i) (4 * (UNIT_LANE / 16) + (i))
#endif

#if UNIT_SUMS == 8
#define STORE_UNIT_SUMS(sums, array) vstore8(sums, 0, array)
#define LOAD_UNIT_SUMS(array) vload8(0, array)
#else
#define STORE_UNIT_SUMS(sums, array) vstore4(sums, 0, array)
#define LOAD_UNIT_SUMS(array) vload4(0, array)
#endif

// ---------------------------------------------------------------------------------------------------------------------
// A work-item's part of UNIT_M × UNIT_K (A) or UNIT_N × UNIT_K (B) elements from `tile` on, `line` elements from row to
// row.

LOCAL_FUNCTION unit_a_t load_unit_a(const __local ushort *tile, const int line) {
#if UNITS == 1
  ushort part[16];
#pragma unroll
  for (int i = 0; i < 8; ++i) vstore2(vload2(UNIT_LANE, tile + i * line), i, part);
  return vload16(0, part);
#elif UNITS == 2
  ushort part[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) part[i] = tile[i * line + UNIT_LANE];
  return vload8(0, part);
#elif UNITS == 3
  return vload16(0, tile + UNIT_SUM_COLUMN * line);
#else
  return vload4(UNIT_LANE / 16, tile + UNIT_SUM_COLUMN * line);
#endif
}

LOCAL_FUNCTION unit_b_t load_unit_b(const __local ushort *tile, const int line) {
#if UNITS == 4
  return vload4(UNIT_LANE / 16, tile + UNIT_SUM_COLUMN * line);
#else
  return vload16(0, tile + UNIT_SUM_COLUMN * line);
#endif
}

// ---------------------------------------------------------------------------------------------------------------------

#if UNITS <= 2 && defined(cl_intel_subgroup_matrix_multiply_accumulate)
static inline unit_sums_t multiply_unit(const unit_a_t a, const unit_b_t b, const unit_sums_t sums) {
#if UNITS == 1
  return intel_sub_group_bf16_bf16_matrix_mad_k16(as_int8(a), as_int8(b), sums);
#else
  return intel_sub_group_bf16_bf16_matrix_mad_k16(as_short8(a), as_int8(b), sums);
#endif
}
#elif UNITS > 2 && defined(__AMDGCN__)
static inline unit_sums_t multiply_unit(const unit_a_t a, const unit_b_t b, const unit_sums_t sums) {
#if UNITS == 3
  return __builtin_amdgcn_wmma_f32_16x16x16_bf16_w32(as_short16(a), as_short16(b), sums);
#else
  return __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(as_short4(a), as_short4(b), sums, 0, 0, 0);
#endif
}
#else
#pragma OPENCL EXTENSION cl_intel_subgroups : enable

// The work-item, and the index in its part, that hold A's element k in the row of this work-item's sum i, and B's
// element k in its column.
#if UNITS == 1
#define UNIT_LANE_OF_A(i, k) ((k) / 2)
#define UNIT_INDEX_IN_A(i, k) (2 * (i) + (k) % 2)
#define UNIT_LANE_OF_B(k) UNIT_LANE
#define UNIT_INDEX_IN_B(k) (k)
#elif UNITS == 2
#define UNIT_LANE_OF_A(i, k) (k)
#define UNIT_INDEX_IN_A(i, k) (i)
#define UNIT_LANE_OF_B(k) UNIT_LANE
#define UNIT_INDEX_IN_B(k) (k)
#elif UNITS == 3
#define UNIT_LANE_OF_A(i, k) UNIT_SUM_ROW(i)
#define UNIT_INDEX_IN_A(i, k) (k)
#define UNIT_LANE_OF_B(k) UNIT_SUM_COLUMN
#define UNIT_INDEX_IN_B(k) (k)
#else
#define UNIT_LANE_OF_A(i, k) ((k) / 4 * 16 + UNIT_SUM_ROW(i))
#define UNIT_INDEX_IN_A(i, k) ((k) % 4)
#define UNIT_LANE_OF_B(k) ((k) / 4 * 16 + UNIT_SUM_COLUMN)
#define UNIT_INDEX_IN_B(k) ((k) % 4)
#endif

static inline float unit_shuffled(const ushort bf16, const int lane) {
  return as_float(intel_sub_group_shuffle((uint)bf16 << 16, (uint)lane));
}

static inline unit_sums_t multiply_unit(const unit_a_t a, const unit_b_t b, const unit_sums_t sums) {
  union { unit_a_t vector; ushort elements[sizeof(unit_a_t) / 2]; } part_a;
  union { unit_b_t vector; ushort elements[sizeof(unit_b_t) / 2]; } part_b;
  part_a.vector = a;
  part_b.vector = b;
  float results[UNIT_SUMS];
  STORE_UNIT_SUMS(sums, results);
#pragma unroll
  for (int k = 0; k < UNIT_K; ++k) {
    const float of_b = unit_shuffled(part_b.elements[UNIT_INDEX_IN_B(k)], UNIT_LANE_OF_B(k));
#pragma unroll
    for (int i = 0; i < UNIT_SUMS; ++i) {
      results[i] += unit_shuffled(part_a.elements[UNIT_INDEX_IN_A(i, k)], UNIT_LANE_OF_A(i, k)) * of_b;
    }
  }
  return LOAD_UNIT_SUMS(results);
}
#endif

// The attribute of kernels that multiply by units, beside the size of their work-group.
#ifdef __AMDGCN__
#define UNIT_KERNEL
#else
#define UNIT_KERNEL __attribute__((intel_reqd_sub_group_size(UNIT_LANES)))
#endif
