import Kernels

extension Context {
  /// Asks the operating system to let this process use the processor's tile registers.
  package func requestTileRegisters() throws(DeviceError) {
    let status = try makeBuffer(byteCount: 4)
    let kernel = try kernel("amx_request", file: "matmul/amx.cl", defines: ["BF16": 3])
    try launch(kernel, [.write(status)], range: .groups(1, of: 1))
    guard try words(of: status, count: 1) == [0] else {
      throw DeviceError(
        kind: .driver, call: "arch_prctl(ARCH_REQ_XCOMP_PERM)", detail: "the system refuses the tile registers",
        remedy: "set precision: fp32")
    }
  }
}
