internal import COpenCL
import Kernels

/// A product of float32 matrices by the CLBlast library; matrices are row-major.
enum CLBlastProduct {
  /// Enqueues C (= or +=) op(A)·op(B) for each matrix of a batch.
  static func enqueue(_ call: MatmulLaunch, _ step: DeviceStep) throws(OpenCLError) {
    let (m, n, k) = (call.size.m, call.size.n, call.size.k)
    for item in 0..<call.size.batch {
      try step.context.enqueue(library: "CLBlastSgemm", "m \(m), n \(n), k \(k)") { queue, event in
        CLBlastSgemm(
          CLBlastLayoutRowMajor, call.transposeA ? CLBlastTransposeYes : CLBlastTransposeNo,
          call.transposeB ? CLBlastTransposeYes : CLBlastTransposeNo, m, n, k, 1,
          call.a.handle, item * m * k, call.transposeA ? m : k, call.b.handle, item * k * n, call.transposeB ? k : n,
          call.accumulate ? 1 : 0, call.c.handle, item * m * n, n, queue, event
        ).rawValue.statusCode
      }
    }
  }
}

extension BinaryInteger {
  /// As libraries return it.
  fileprivate var statusCode: Int32 { Int32(truncatingIfNeeded: self) }
}
