import GPUTensor

/// Random numbers that are the same in every test run: SplitMix64 with a seed.
package typealias SeededGenerator = SplitMix64
