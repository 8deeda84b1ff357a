internal import COpenCL
import Kernels

/// A product of float32 matrices by the CLBlast library; matrices are row-major.
enum CLBlastProduct {
  /// Enqueues C (= or +=) op(A)·op(B) for each matrix of a batch.
  static func enqueue(_ product: MatmulProduct, _ call: DeviceCall) throws(DeviceError) {
    let (m, n, k) = (product.size.m, product.size.n, product.size.k)
    for item in 0..<product.size.batch {
      try call.context.enqueue(library: "CLBlastSgemm", "m \(m), n \(n), k \(k)") { queue, event in
        CLBlastSgemm(
          CLBlastLayoutRowMajor, product.size.transposeA ? CLBlastTransposeYes : CLBlastTransposeNo,
          product.size.transposeB ? CLBlastTransposeYes : CLBlastTransposeNo, m, n, k, 1,
          product.a.handle, item * m * k, product.size.transposeA ? m : k, product.b.handle, item * k * n,
          product.size.transposeB ? k : n,
          product.accumulate ? 1 : 0, product.c.handle, item * m * n, n, queue, event
        ).rawValue.statusCode
      }
    }
  }
}

extension BinaryInteger {
  /// The status as the signed number that `Context` takes.
  fileprivate var statusCode: Int32 { Int32(truncatingIfNeeded: self) }
}
