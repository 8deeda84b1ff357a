import GPUTensor

/// Random numbers that are the same in every run: SplitMix64, from a seed.
package typealias SeededGenerator = SplitMix64
