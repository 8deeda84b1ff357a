// Purpose: reads elements of a matrix in any storage format: float, bf16, or blocks of small integers with scales.
// Math: the value of an element, q being its integer, by STORAGE:
//   1 bf16   the upper half of a float
//   2 int8   blocks of 64: absmax in float, 64 signed bytes;            q · absmax / 127
//   3 nf4    blocks of 64: an 8-bit absmax, 64 codes of 4 bits;         value[q] · absmax,
//            absmax = level[8 bits] · (the largest of 256 |absmax − mean|) + the mean of all absmaxes
//   4 Q8_0   blocks of 32: d in half, 32 signed bytes;                  q · d
//   5 Q4_0   blocks of 32: d in half, 16 bytes, low nibbles first;      (q − 8) · d
//   6 Q4_1   blocks of 32: d and m in half, 16 bytes likewise;          q · d + m
// Shapes (row-major): elements [rows, columns] in one sequence of blocks, which may cross rows. Bytes of nf4: a header
//   of 256 levels and the mean as floats, padded to NF4_PAIRS, and the two values of each byte of codes as floats; then
//   groups of 256 blocks, each with its largest |absmax − mean| as a float, 256 absmaxes of 8 bits, padded to
//   NF4_SCALES, and 8192 bytes of two codes, the first in the high nibble.
// Gradient contract: none; a matrix in blocks is frozen.
// Saved for backward: nothing.
// Parallelism: none of its own.
// Numerics: the operations of each format's reference, in their order, without contraction.
// Source: arXiv:2305.14314 (QLoRA: nf4, double quantisation), arXiv:2208.07339 (int8), ggml (Q8_0, Q4_0, Q4_1).

#ifndef STORAGE
#define STORAGE 0  // a number of the list above; 0: float
#endif
#define NF4_PAIRS 1040
#define NF4_HEADER (NF4_PAIRS + 2048)
#define NF4_SCALES 272
#define NF4_GROUP (NF4_SCALES + 8192)

#if STORAGE == 0
typedef float stored_t;
#elif STORAGE == 1
typedef ushort stored_t;
#else
typedef uchar stored_t;
#endif

// True where vectors of 8 may be read at multiples of 8 from an index: none may straddle two blocks.
#if STORAGE < 2
#define STORED_ALIGNED(index) 1
#else
#define STORED_ALIGNED(index) (((index) & 7) == 0)
#endif

#if STORAGE == 3
static inline float nf4_absmax(const __global uchar *stored, const __global uchar *group, const int block) {
#pragma OPENCL FP_CONTRACT OFF
  const __global float *header = (const __global float *)stored;
  return header[group[4 + block]] * *(const __global float *)group + header[256];
}
#endif

// ---------------------------------------------------------------------------------------------------------------------
// One element.

static inline float stored_at(const __global stored_t *stored, const size_t index) {
#pragma OPENCL FP_CONTRACT OFF
#if STORAGE == 0
  return stored[index];
#elif STORAGE == 1
  return as_float((uint)stored[index] << 16);
#elif STORAGE == 2
  const __global uchar *block = stored + (index >> 6) * 68;
  return (float)(char)block[4 + (index & 63)] * *(const __global float *)block * (1.0f / 127);
#elif STORAGE == 3
  const __global uchar *group = stored + NF4_HEADER + (index >> 14) * NF4_GROUP;
  const int inside = index & 16383;
  const __global float *pairs = (const __global float *)(stored + NF4_PAIRS);
  return pairs[2 * group[NF4_SCALES + inside / 2] + inside % 2] * nf4_absmax(stored, group, inside >> 6);
#elif STORAGE == 4
  const __global uchar *block = stored + (index >> 5) * 34;
  return (float)(char)block[2 + (index & 31)] * vload_half(0, (const __global half *)block);
#elif STORAGE == 5
  const __global uchar *block = stored + (index >> 5) * 18;
  const uchar pair = block[2 + (index & 15)];
  return ((float)(index & 16 ? pair >> 4 : pair & 15) - 8.0f) * vload_half(0, (const __global half *)block);
#elif STORAGE == 6
  const __global uchar *block = stored + (index >> 5) * 20;
  const uchar pair = block[4 + (index & 15)];
  const float step = vload_half(0, (const __global half *)block);
  return (float)(index & 16 ? pair >> 4 : pair & 15) * step + vload_half(1, (const __global half *)block);
#endif
}

// ---------------------------------------------------------------------------------------------------------------------
// Eight elements from an index for which STORED_ALIGNED is true.

static inline __attribute__((always_inline)) float8 stored_8(const __global stored_t *stored, const size_t index) {
#pragma OPENCL FP_CONTRACT OFF
#if STORAGE == 0
  return vload8(0, stored + index);
#elif STORAGE == 1
  return as_float8(convert_uint8(vload8(0, stored + index)) << 16);
#elif STORAGE == 2
  const __global uchar *block = stored + (index >> 6) * 68;
  const char8 values = vload8(0, (const __global char *)block + 4 + (index & 63));
  return convert_float8(values) * *(const __global float *)block * (1.0f / 127);
#elif STORAGE == 3
  const __global uchar *group = stored + NF4_HEADER + (index >> 14) * NF4_GROUP;
  const int inside = index & 16383;
  const __global float2 *pairs = (const __global float2 *)(stored + NF4_PAIRS);
  const uchar4 codes = vload4(0, group + NF4_SCALES + inside / 2);
  const float8 values = (float8)(pairs[codes.x], pairs[codes.y], pairs[codes.z], pairs[codes.w]);
  return values * nf4_absmax(stored, group, inside >> 6);
#elif STORAGE == 4
  const __global uchar *block = stored + (index >> 5) * 34;
  const char8 values = vload8(0, (const __global char *)block + 2 + (index & 31));
  return convert_float8(values) * vload_half(0, (const __global half *)block);
#else
  const __global uchar *block = stored + (index >> 5) * (STORAGE == 5 ? 18 : 20);
  const uchar8 pairs = vload8(0, block + (STORAGE == 5 ? 2 : 4) + (index & 15));
  const float8 values = convert_float8(index & 16 ? pairs >> (uchar8)(4) : pairs & (uchar8)(15));
  const float step = vload_half(0, (const __global half *)block);
#if STORAGE == 5
  return (values - 8.0f) * step;
#else
  return values * step + vload_half(1, (const __global half *)block);
#endif
#endif
}

// Sixteen elements from such an index.
static inline __attribute__((always_inline)) float16 stored_16(const __global stored_t *stored, const size_t index) {
#if STORAGE == 0
  return vload16(0, stored + index);
#elif STORAGE == 1
  return as_float16(convert_uint16(vload16(0, stored + index)) << 16);
#else
  return (float16)(stored_8(stored, index), stored_8(stored, index + 8));
#endif
}
