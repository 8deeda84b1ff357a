internal import COpenCL

extension Context {
  /// C (= or +=) op(A)·op(B) in fp32 through the CLBlast library; matrices are row-major.
  ///
  /// - Parameters:
  ///   - m, n, k: op(A) is [m, k], op(B) is [k, n], C is [m, n].
  ///   - aOffset, bOffset, cOffset: in elements.
  package func clblastMatmul(
    c: Buffer, a: Buffer, b: Buffer, m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool,
    aOffset: Int = 0, bOffset: Int = 0, cOffset: Int = 0, accumulate: Bool
  ) throws(OpenCLError) {
    var queueHandle: OpaquePointer? = queue
    var event: OpaquePointer?
    let status = withUnsafeMutablePointer(to: &event) { event in
      CLBlastSgemm(
        CLBlastLayoutRowMajor, transposeA ? CLBlastTransposeYes : CLBlastTransposeNo,
        transposeB ? CLBlastTransposeYes : CLBlastTransposeNo, m, n, k, 1,
        a.handle, aOffset, transposeA ? m : k, b.handle, bOffset, transposeB ? k : n,
        accumulate ? 1 : 0, c.handle, cOffset, n, &queueHandle, profiler == nil ? nil : event)
    }
    profiler?.record(event, kernel: "CLBlastSgemm")
    try check(Int32(status.rawValue), "CLBlastSgemm", "m \(m), n \(n), k \(k)")
  }
}
