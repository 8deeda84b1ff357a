import Foundation
import Glibc

/// A file mapped into memory, read only: pages come from the disk as they are touched, so a model that is larger than
/// the memory can be read tensor by tensor.
///
/// Writers of models replace the file by renaming, so a mapping keeps the content that it was opened with. Where
/// something else cuts the file short, `MappingGuard` ends the process in one line.
///
/// Unchecked: the mapping is never written, and stays until `deinit`.
package final class MappedFile: @unchecked Sendable {
  /// The file's path, as it was given.
  package let path: String
  /// The whole content. Valid as long as this object lives.
  package let bytes: UnsafeRawBufferPointer
  /// The mapping's place in `MappingGuard`.
  private let guardPlace: Int?

  /// Maps the file at `path`.
  package init(path: String) throws(FileError) {
    let (descriptor, byteCount) = try InputFile.open(path)
    defer { close(descriptor) }
    self.path = path
    // mmap refuses a length of zero.
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      guardPlace = nil
      return
    }
    guard let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw .system("mmap of \(byteCount) bytes", path, code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: byteCount)
    guardPlace = MappingGuard.add(address, byteCount: byteCount, path: path)
    guard !GitLFSPointer.begins(bytes) else {
      throw .invalid(path, GitLFSPointer.problem, remedy: GitLFSPointer.remedy)
    }
  }

  /// Gives back the memory of pages that were read: they come from the disk, or its cache, when they are touched again.
  package func release(_ range: Range<Int>) {
    guard let address = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let last = range.upperBound == bytes.count ? range.upperBound : range.upperBound / page * page
    guard last > first else { return }
    madvise(UnsafeMutableRawPointer(mutating: address + first), last - first, MADV_DONTNEED)
  }

  deinit {
    if let guardPlace { MappingGuard.remove(guardPlace) }
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
