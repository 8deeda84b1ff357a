// Purpose: drives the matrix units of NVIDIA GPUs, 32 work-items of a warp together, by inline PTX.
// Math: mma_multiply: D += A · B, with A [16, 16], B [16, 8] in bf16 and D [16, 8] in float, each spread over a warp.
// Shapes: a work-item holds 4 pairs of A, 2 of B, 4 sums of D: (row, column), the next column, and both 8 rows further
//   down, with row = lane / 4, column = lane % 4 · 2.
// Gradient contract: none.
// Saved for backward: nothing.
// Parallelism: all work-items of a warp call together.
// Numerics: products of bf16 numbers, 16 of them added to a sum at once, in the unit's own order and rounding.
// Source: Parallel Thread Execution ISA 7.0: mma.sync.m16n8k16, ldmatrix, cp.async (compute capability 8.0).

// Loads four 8 × 8 matrices; each work-item gives the local address of one line, lanes 0 to 7 those of the first.
static inline void mma_load_parts(uint *parts, const uint address) {
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(parts[0]), "=r"(parts[1]), "=r"(parts[2]), "=r"(parts[3])
                   : "r"(address)
                   : "memory");
}

static inline void mma_multiply(float *sums, const uint *a, const uint *b) {
  __asm__ volatile(
    "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
    "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
    : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
    : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// ---------------------------------------------------------------------------------------------------------------------
// Asynchronous copies of 16 bytes from global to local memory, grouped in stages.

static inline void mma_copy_16(const uint to, const __global ushort *from) {
  __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16;" : : "r"(to), "l"(from) : "memory");
}

static inline void mma_end_stage(void) { __asm__ volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until all stages of this work-item but the last `ahead`, a constant, are complete.
#define MMA_WAIT_FOR_STAGES(ahead) __asm__ volatile("cp.async.wait_group %0;" : : "n"(ahead) : "memory")
