internal import COpenCL
import Foundation

extension Context {
  /// Bytes below which a buffer gains nothing from huge pages.
  private static let leastHugeBytes = 4 << 20
  /// Bytes of the system's ordinary page; advice to the system covers whole pages.
  private static let pageBytes = 4096

  /// Requests huge pages for a fresh buffer on devices that compute in the host's own memory: a training step walks
  /// through gigabytes, and with 4 KiB pages the processor spends part of the time on address look-ups.
  ///
  /// Only a request: where the system has none to give, or the driver maps a copy, nothing changes.
  func preferHugePages(_ buffer: OpaquePointer, byteCount: Int) throws(DeviceError) {
    guard device.kind == .cpu, byteCount >= Self.leastHugeBytes else { return }
    var status: Int32 = 0
    // A fresh buffer has no content to copy to the host when it is mapped.
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
