// Purpose: functions that the row and element-wise kernels share: the device's vector type, loads and stores up to a
//   row's end, sums over lanes and over a work-group, exp, and loads and stores of bf16.
// Math: exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x − n · ln 2, |r| ≤ ln 2 / 2.
// Shapes: none; callers compute the offsets.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: a work-group has WG_SIZE work-items; on CPU devices 1 (no local memory, no barrier), on GPUs a power of
//   two.
// Numerics: every sum has a fixed order (lanes, then a binary tree over work-items or the sub-groups' own order), so
//   that a device gives the same bits each time. Needs IEEE arithmetic: compile without fast-relaxed-math.
// Source: exp after Cody and Waite, Software Manual for the Elementary Functions (1980), chapter 6.

#include "prelude/local.cl"

#ifndef WG_SIZE
#define WG_SIZE 64  // work-items in a group, a power of two: 1 on CPU devices, 64 to 256 on GPUs
#endif
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4  // floats in a work-item's vector: 1, 2, 4, 8 or 16 (16 on CPU devices)
#endif
#ifndef GROUP_ELEMENTS
#define GROUP_ELEMENTS 1024  // elements of a group in element-wise kernels (16384 on CPU devices)
#endif
#ifndef SUBGROUPS
#define SUBGROUPS 0  // 1: group_sum and group_max use sub-groups; needs OpenCL C 3.0, or 2.0 with cl_khr_subgroups
#endif
#ifdef cl_khr_subgroups
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#endif
#define COLUMN_VECTORS (WG_SIZE == 1 ? 8 : 1)  // vectors of a work-item where a group owns columns: long reads on CPUs
#define COLUMN_BLOCK (WG_SIZE * VECTOR_WIDTH * COLUMN_VECTORS)  // columns of such a group

#define JOIN_TOKENS(a, b) a##b
#define JOIN(a, b) JOIN_TOKENS(a, b)

#if VECTOR_WIDTH == 1
typedef float floatv;
typedef int intv;
typedef uint uintv;
typedef ushort ushortv;
typedef uchar ucharv;
#define VLOAD(pointer) (*(pointer))
#define VSTORE(value, pointer) (*(pointer) = (value))
#define AS_FLOATV(value) as_float(value)
#define AS_INTV(value) as_int(value)
#define AS_UINTV(value) as_uint(value)
#define CONVERT_UINTV(value) convert_uint(value)
#define CONVERT_USHORTV(value) convert_ushort(value)
#define CONVERT_UCHARV(value) convert_uchar(value)
#else
typedef JOIN(float, VECTOR_WIDTH) floatv;
typedef JOIN(int, VECTOR_WIDTH) intv;
typedef JOIN(uint, VECTOR_WIDTH) uintv;
typedef JOIN(ushort, VECTOR_WIDTH) ushortv;
typedef JOIN(uchar, VECTOR_WIDTH) ucharv;
#define VLOAD(pointer) JOIN(vload, VECTOR_WIDTH)(0, pointer)
#define VSTORE(value, pointer) JOIN(vstore, VECTOR_WIDTH)(value, 0, pointer)
#define AS_FLOATV(value) JOIN(as_float, VECTOR_WIDTH)(value)
#define AS_INTV(value) JOIN(as_int, VECTOR_WIDTH)(value)
#define AS_UINTV(value) JOIN(as_uint, VECTOR_WIDTH)(value)
#define CONVERT_UINTV(value) JOIN(convert_uint, VECTOR_WIDTH)(value)
#define CONVERT_USHORTV(value) JOIN(convert_ushort, VECTOR_WIDTH)(value)
#define CONVERT_UCHARV(value) JOIN(convert_uchar, VECTOR_WIDTH)(value)
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Vectors of a row. `remaining` elements follow from the pointer on: a full vector is read or written where there are
// enough, else only that many lanes, so that a row's end needs no code of its own.

static inline floatv load_lanes_or(const __global float *pointer, const long remaining, const float fill) {
  if (remaining >= VECTOR_WIDTH) return VLOAD(pointer);
  float lanes[VECTOR_WIDTH];
  for (int lane = 0; lane < VECTOR_WIDTH; ++lane) lanes[lane] = lane < remaining ? pointer[lane] : fill;
  return VLOAD(lanes);
}

static inline floatv load_lanes(const __global float *pointer, const long remaining) {
  return load_lanes_or(pointer, remaining, 0.0f);
}

static inline void store_lanes(__global float *pointer, const floatv value, const long remaining) {
  if (remaining >= VECTOR_WIDTH) {
    VSTORE(value, pointer);
  } else {
    float lanes[VECTOR_WIDTH];
    VSTORE(value, lanes);
    for (int lane = 0; lane < VECTOR_WIDTH; ++lane) {
      if (lane < remaining) pointer[lane] = lanes[lane];
    }
  }
}

// Stores `value` (a gradient's `=`), or with `accumulate` adds it to the stored value (`+=`).
static inline void update_lanes(
  __global float *pointer, const floatv value, const long remaining, const int accumulate
) {
  store_lanes(pointer, accumulate ? load_lanes(pointer, remaining) + value : value, remaining);
}

// The elements of this group in an element-wise kernel: group_begin() ..< group_end(n).
static inline size_t group_begin(void) { return get_group_id(0) * (size_t)GROUP_ELEMENTS; }

static inline size_t group_end(const ulong n) {
  const size_t end = group_begin() + GROUP_ELEMENTS;
  return end < n ? end : n;
}

// ---------------------------------------------------------------------------------------------------------------------
// Sums and maxima: over the lanes of a vector by halves, then over the work-items of a group by halves.

static inline floatv vector_max(const floatv a, const floatv b) { return a > b ? a : b; }

static inline float lane_sum(const floatv value) {
  float lanes[VECTOR_WIDTH];
  VSTORE(value, lanes);
  for (int half_width = VECTOR_WIDTH / 2; half_width > 0; half_width /= 2) {
    for (int lane = 0; lane < half_width; ++lane) lanes[lane] += lanes[lane + half_width];
  }
  return lanes[0];
}

static inline float lane_max(const floatv value) {
  float lanes[VECTOR_WIDTH];
  VSTORE(value, lanes);
  for (int half_width = VECTOR_WIDTH / 2; half_width > 0; half_width /= 2) {
    for (int lane = 0; lane < half_width; ++lane) lanes[lane] = fmax(lanes[lane], lanes[lane + half_width]);
  }
  return lanes[0];
}

// group_sum and group_max return the group's value to every work-item. All work-items must call them: they contain
// barriers. After the last barrier the caller may use `scratch` again, and may overwrite memory that the group read
// before the call. GROUP_SCRATCH(name), at the top of a kernel, declares the local memory that they need.
#if WG_SIZE == 1
#define GROUP_SCRATCH(name) __local float *const name = 0

LOCAL_FUNCTION float group_sum(const float value, __local float *scratch) { return value; }
LOCAL_FUNCTION float group_max(const float value, __local float *scratch) { return value; }
#else
#define GROUP_SCRATCH(name) __local float name[WG_SIZE]

#if SUBGROUPS
// The value of each sub-group, in the device's own order; then the group's, in the order of its sub-groups.
LOCAL_FUNCTION float group_sum(const float value, __local float *scratch) {
  const float own = sub_group_reduce_add(value);
  if (get_sub_group_local_id() == 0) scratch[get_sub_group_id()] = own;
  barrier(CLK_LOCAL_MEM_FENCE);  // the sums of all sub-groups are complete
  float total = scratch[0];
  for (uint i = 1; i < get_num_sub_groups(); ++i) total += scratch[i];
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);  // every work-item has read them: scratch may be overwritten
  return total;
}

LOCAL_FUNCTION float group_max(const float value, __local float *scratch) {
  const float own = sub_group_reduce_max(value);
  if (get_sub_group_local_id() == 0) scratch[get_sub_group_id()] = own;
  barrier(CLK_LOCAL_MEM_FENCE);  // the maxima of all sub-groups are complete
  float largest = scratch[0];
  for (uint i = 1; i < get_num_sub_groups(); ++i) largest = fmax(largest, scratch[i]);
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);  // every work-item has read them: scratch may be overwritten
  return largest;
}
#else
LOCAL_FUNCTION float group_sum(const float value, __local float *scratch) {
  const int item = get_local_id(0);
  scratch[item] = value;
  for (int stride = WG_SIZE / 2; stride > 0; stride /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);  // the partial sums of the level below are complete
    if (item < stride) scratch[item] += scratch[item + stride];
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // the total is complete
  const float total = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);  // every work-item has read it: scratch may be overwritten
  return total;
}

LOCAL_FUNCTION float group_max(const float value, __local float *scratch) {
  const int item = get_local_id(0);
  scratch[item] = value;
  for (int stride = WG_SIZE / 2; stride > 0; stride /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);  // the partial maxima of the level below are complete
    if (item < stride) scratch[item] = fmax(scratch[item], scratch[item + stride]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);  // the maximum is complete
  const float largest = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);  // every work-item has read it: scratch may be overwritten
  return largest;
}
#endif
#endif

// ---------------------------------------------------------------------------------------------------------------------
// exp of a vector, to about 1 ulp: 0 below −87.33 (a subnormal result is slow on CPUs), infinity above 88.72, NaN for
// NaN. Written out because some drivers compute the built-in lane by lane.

static inline floatv exp_lanes(const floatv value) {
  const float magic = 12582912.0f;  // 1.5 · 2^23: adding it leaves the nearest integer in the low bits
  const floatv least = (floatv)(-87.33f);
  const floatv most = (floatv)(89.0f);
  const floatv above = value < least ? least : value;  // comparisons with NaN are false: NaN stays
  const floatv x = above > most ? most : above;
  const floatv shifted = x * 1.44269504f + magic;
  const floatv n = shifted - magic;
  const floatv r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts, the first with n exact
  // Minimax for (exp(r) − 1 − r) / r² on |r| ≤ ln 2 / 2, relative error of the whole 3e-9.
  floatv series = r * 1.38145394e-3f + 8.36874545e-3f;
  series = series * r + 4.16683890e-2f;
  series = series * r + 1.66665211e-1f;
  series = series * r + 4.99999940e-1f;
  series = series * (r * r) + r + 1.0f;
  // 2^n as a product of two powers: n may be 128, which no finite float has as exponent.
  const intv exponent = AS_INTV(shifted) - 0x4B400000;
  const intv first = exponent >> 1;
  const intv second = exponent - first;
  const floatv result = series * AS_FLOATV((first + 127) << 23) * AS_FLOATV((second + 127) << 23);
  return select(result, (floatv)(0.0f), value < least);
}

// ---------------------------------------------------------------------------------------------------------------------
// bf16, stored as ushort: the upper half of a float. (prelude/bf16.cl rounds.)

static inline floatv float_from_bf16(const ushortv value) { return AS_FLOATV(CONVERT_UINTV(value) << 16); }

static inline ushortv load_bf16_lanes(const __global ushort *pointer, const long remaining) {
  if (remaining >= VECTOR_WIDTH) return VLOAD(pointer);
  ushort lanes[VECTOR_WIDTH];
  for (int lane = 0; lane < VECTOR_WIDTH; ++lane) lanes[lane] = lane < remaining ? pointer[lane] : 0;
  return VLOAD(lanes);
}

static inline void store_bf16_lanes(__global ushort *pointer, const ushortv value, const long remaining) {
  if (remaining >= VECTOR_WIDTH) {
    VSTORE(value, pointer);
  } else {
    ushort lanes[VECTOR_WIDTH];
    VSTORE(value, lanes);
    for (int lane = 0; lane < VECTOR_WIDTH; ++lane) {
      if (lane < remaining) pointer[lane] = lanes[lane];
    }
  }
}
