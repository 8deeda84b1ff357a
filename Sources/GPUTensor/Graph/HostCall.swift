import Dispatch
import Foundation
import Kernels

/// A value's memory on the CPU: floating-point elements in the executor's precision and, at the same indices, integers.
struct HostMemory<S: HostScalar> {
  let floats: UnsafeMutablePointer<S>
  let ints: UnsafeMutablePointer<Int32>
}

/// The execution of one node within a replay, by plain loops: its memory and shapes.
package struct HostCall<S: HostScalar> {
  package let counts: RowCounts
  package let scalars: ReplayScalars
  /// The type that operands of products are rounded to.
  let operands: OperandType
  package let inputShapes: [Shape]
  package let outputShapes: [Shape]
  let inputs: [HostMemory<S>]
  let outputs: [HostMemory<S>]
  let modes: [WriteMode]

  /// The replay's rows.
  package var rows: Int { counts.rows }

  package func input(_ index: Int) -> UnsafeMutablePointer<S> { inputs[index].floats }
  package func ints(_ index: Int) -> UnsafeMutablePointer<Int32> { inputs[index].ints }
  package func output(_ index: Int) -> UnsafeMutablePointer<S> { outputs[index].floats }
  package func outputInts(_ index: Int) -> UnsafeMutablePointer<Int32> { outputs[index].ints }

  /// True where this replay adds to the output.
  package func accumulates(_ output: Int) -> Bool { modes[output].accumulates(scalars) }

  /// The leading dimension of an input in this replay.
  package func leading(ofInput index: Int) -> Int { inputShapes[index].leading(counts) }

  /// The execution of one part of a fused node.
  ///
  /// - Parameter written: outputs that earlier parts wrote; they are the part's first inputs.
  func part(reading written: Range<Int> = 0..<0, inputs: Range<Int>, outputs: Range<Int>) -> HostCall {
    HostCall(
      counts: counts, scalars: scalars, operands: operands,
      inputShapes: Array(outputShapes[written] + inputShapes[inputs]),
      outputShapes: Array(outputShapes[outputs]), inputs: Array(self.outputs[written] + self.inputs[inputs]),
      outputs: Array(self.outputs[outputs]), modes: Array(modes[outputs]))
  }

  /// The execution of one part of a fused node, by the places of the part's tensors in the node.
  func part(reading: [TensorPlace], writing: [Int]) -> HostCall {
    HostCall(
      counts: counts, scalars: scalars, operands: operands,
      inputShapes: reading.map { $0.value(inputs: inputShapes, outputs: outputShapes) },
      outputShapes: writing.map { outputShapes[$0] },
      inputs: reading.map { $0.value(inputs: inputs, outputs: outputs) }, outputs: writing.map { outputs[$0] },
      modes: writing.map { modes[$0] })
  }

  /// Runs `body` for 0 ..< count on all cores. Iterations must write to disjoint memory.
  package func parallel(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1 else {
      if count == 1 { body(0) }
      return
    }
    let chunks = min(count, ProcessInfo.processInfo.activeProcessorCount * 4)
    withoutActuallyEscaping(body) { body in
      // Iterations write to disjoint memory, and all end before this call returns.
      nonisolated(unsafe) let work = body
      DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
        for index in (count * chunk / chunks)..<(count * (chunk + 1) / chunks) { work(index) }
      }
    }
  }

  /// Runs `body` for 0 ..< count in ranges of 16,384, on all cores: for cheap element-wise work.
  package func parallelElements(_ count: Int, _ body: (Range<Int>) -> Void) {
    let size = 1 << 14
    parallel((count + size - 1) / size) { chunk in body((chunk * size)..<min(count, (chunk + 1) * size)) }
  }
}
