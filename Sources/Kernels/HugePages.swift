internal import COpenCL
import Foundation

extension Context {
  /// Buffers that hold fewer bytes gain nothing.
  private static let leastHugeBytes = 4 << 20
  /// What the kernel's huge pages span at the least.
  private static let pageBytes = 4096

  /// Asks for huge pages under a fresh buffer where the device computes in the host's own memory: a step walks through
  /// gigabytes, and with pages of 4 KiB the processor spends part of it looking up where they lie.
  ///
  /// It is a wish: where the system has none to give, or the driver lends out a copy, nothing changes.
  func preferHugePages(_ buffer: OpaquePointer, byteCount: Int) throws(DeviceError) {
    guard device.kind == .cpu, byteCount >= Self.leastHugeBytes else { return }
    var status: Int32 = 0
    // A fresh buffer holds nothing that the host would have to be given.
    let flags = cl_map_flags(CL_MAP_WRITE_INVALIDATE_REGION)
    let address = clEnqueueMapBuffer(queue, buffer, cl_bool(CL_TRUE), flags, 0, byteCount, 0, nil, nil, &status)
    try check(status, "clEnqueueMapBuffer", "\(byteCount) bytes on \(device.name)")
    guard let address else { return }
    let begin = (UInt(bitPattern: address) + UInt(Self.pageBytes) - 1) / UInt(Self.pageBytes) * UInt(Self.pageBytes)
    let end = (UInt(bitPattern: address) + UInt(byteCount)) / UInt(Self.pageBytes) * UInt(Self.pageBytes)
    madvise(UnsafeMutableRawPointer(bitPattern: begin), Int(end - begin), MADV_HUGEPAGE)
    try check(clEnqueueUnmapMemObject(queue, buffer, address, 0, nil, nil), "clEnqueueUnmapMemObject")
  }
}
