import Dispatch
import Foundation
import Kernels

/// A value's memory on the CPU: floating-point elements in the executor's precision, or integers.
struct HostMemory<S: HostScalar> {
  let floats: UnsafeMutablePointer<S>
  let ints: UnsafeMutablePointer<Int32>
}

/// One node of a run with plain loops: its memory and its shapes.
package struct HostCall<S: HostScalar> {
  package let counts: RowCounts
  package let scalars: ReplayScalars
  /// What the operands of products are rounded to.
  let operands: OperandType
  package let inputShapes: [Shape]
  package let outputShapes: [Shape]
  let inputs: [HostMemory<S>]
  let outputs: [HostMemory<S>]
  let modes: [WriteMode]

  /// The run's rows.
  package var rows: Int { counts.rows }

  package func input(_ index: Int) -> UnsafeMutablePointer<S> { inputs[index].floats }
  package func ints(_ index: Int) -> UnsafeMutablePointer<Int32> { inputs[index].ints }
  package func output(_ index: Int) -> UnsafeMutablePointer<S> { outputs[index].floats }
  package func outputInts(_ index: Int) -> UnsafeMutablePointer<Int32> { outputs[index].ints }

  /// Whether the output is added to in this run.
  package func accumulates(_ output: Int) -> Bool { modes[output].accumulates(scalars) }

  /// Rows in use of an input: its leading dimension.
  package func leading(ofInput index: Int) -> Int { inputShapes[index].leading(counts) }

  /// The step of one of several nodes that run as this one.
  ///
  /// - Parameter written: outputs that other nodes of them have written: its first inputs.
  func part(reading written: Range<Int> = 0..<0, inputs: Range<Int>, outputs: Range<Int>) -> HostCall {
    HostCall(
      counts: counts, scalars: scalars, operands: operands,
      inputShapes: Array(outputShapes[written] + inputShapes[inputs]),
      outputShapes: Array(outputShapes[outputs]), inputs: Array(self.outputs[written] + self.inputs[inputs]),
      outputs: Array(self.outputs[outputs]), modes: Array(modes[outputs]))
  }

  /// The step of one of several nodes that run as this one, by where its tensors are among theirs.
  func part(reading: [TensorPlace], writing: [Int]) -> HostCall {
    HostCall(
      counts: counts, scalars: scalars, operands: operands,
      inputShapes: reading.map { $0.value(inputs: inputShapes, outputs: outputShapes) },
      outputShapes: writing.map { outputShapes[$0] },
      inputs: reading.map { $0.value(inputs: inputs, outputs: outputs) }, outputs: writing.map { outputs[$0] },
      modes: writing.map { modes[$0] })
  }

  /// Runs `body` for 0 ..< count on all cores. Iterations must not touch each other's outputs.
  package func parallel(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1 else {
      if count == 1 { body(0) }
      return
    }
    let chunks = min(count, ProcessInfo.processInfo.activeProcessorCount * 4)
    withoutActuallyEscaping(body) { body in
      // Iterations write to disjoint memory, and all of them end before this call returns.
      nonisolated(unsafe) let work = body
      DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
        for index in (count * chunk / chunks)..<(count * (chunk + 1) / chunks) { work(index) }
      }
    }
  }

  /// Runs `body` for 0 ..< count, in chunks of neighbours, on all cores: for cheap element-wise work.
  package func parallelElements(_ count: Int, _ body: (Range<Int>) -> Void) {
    let size = 1 << 14
    parallel((count + size - 1) / size) { chunk in body((chunk * size)..<min(count, (chunk + 1) * size)) }
  }
}
