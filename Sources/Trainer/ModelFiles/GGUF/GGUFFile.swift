import Foundation
import Glibc

/// One tensor of a GGUF file.
package struct GGUFTensor: Sendable, Equatable {
  /// The tensor's name in the file.
  package let name: String
  /// Rows first; the file has it the other way round.
  package let shape: [Int]
  /// Form of the tensor's numbers.
  package let type: GGUFTensorType
  /// Place of the data, in bytes from the start of the file.
  package let byteRange: Range<Int>
  /// The index of the file that holds it, among the parts of a model.
  package fileprivate(set) var part = 0
}

/// A GGUF file, version 2 or 3, mapped: metadata and tensor infos are read and checked at once. A model in parts
/// (`GGUFParts`) is its first file with the tensors of all.
///
/// Layout: magic, version, counts, metadata, tensor infos, padding, data.
///
/// - Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
package final class GGUFFile {
  private static let magic: UInt32 = 0x4655_4747  // "GGUF", little-endian
  private static let maximumDimensions = 4

  /// The file's bytes; in a model in parts those of each part.
  package let parts: [MappedFile]
  /// Values by key, all that stands before the tensors.
  package let metadata: GGUFMetadata
  /// The tensors in the order of the file.
  package let tensors: [GGUFTensor]

  /// The first part's bytes.
  package var file: MappedFile { parts[0] }
  /// The path that was opened.
  package var path: String { file.path }

  /// True where the file at `url` is GGUF by its ending or, whatever its name, by its first four bytes: stores of
  /// models name their files by a hash.
  ///
  /// - Throws: where nothing that can be read stands there.
  package static func stands(at url: URL) throws(FileError) -> Bool {
    if url.pathExtension.lowercased() == "gguf" { return true }
    let (descriptor, _) = try InputFile.open(url.path)
    defer { close(descriptor) }
    var start: UInt32 = 0
    return read(descriptor, &start, 4) == 4 && UInt32(littleEndian: start) == magic
  }

  /// Opens the file at `url`.
  package init(_ url: URL) throws(FileError) {
    let file = try MappedFile(path: url.path)
    parts = [file]
    var cursor = GGUFCursor(file.bytes, path: file.path)
    guard try cursor.integer(UInt32.self) == Self.magic else {
      throw .invalid(file.path, at: 0, "the file does not start with GGUF", remedy: "give a GGUF file")
    }
    let version = try cursor.integer(UInt32.self)
    guard version == 2 || version == 3 else {
      // The version of a file in the other byte order reads as a multiple of 2^24.
      let what = version & 0xFFFF == 0 ? "a big-endian file" : "version \(version)"
      throw .unsupported(
        file.path, at: 4, "\(what) of GGUF cannot be read", remedy: "convert the model to little-endian GGUF 3")
    }
    // An info takes at least 24 bytes, a metadata pair 13.
    let tensorCount = try cursor.count(of: "tensors", minimumSize: 24)
    let pairCount = try cursor.count(of: "metadata pairs", minimumSize: 13)
    metadata = try GGUFMetadata(&cursor, count: pairCount, of: file)
    let alignment = try metadata.integer("general.alignment") ?? 32
    guard (1...(1 << 20)).contains(alignment) else {
      throw .invalid(file.path, "general.alignment is \(alignment)")
    }
    var infos: [GGUFTensorInfo] = []
    for _ in 0..<tensorCount { infos.append(try GGUFTensorInfo(&cursor, maximumDimensions: Self.maximumDimensions)) }
    let dataStart = (cursor.position + alignment - 1) / alignment * alignment
    tensors = try Self.place(infos, dataStart: dataStart, alignment: alignment, file: file)
  }

  /// Joins the parts of a model: metadata of the first, tensors of all.
  init(_ files: [GGUFFile]) throws(FileError) {
    parts = files.map(\.file)
    metadata = files[0].metadata
    var names: Set<String> = []
    var tensors: [GGUFTensor] = []
    for (part, file) in files.enumerated() {
      for var tensor in file.tensors {
        guard names.insert(tensor.name).inserted else {
          throw .invalid(file.path, "tensor \"\(tensor.name)\" stands in an earlier part too")
        }
        tensor.part = part
        tensors.append(tensor)
      }
    }
    self.tensors = tensors
  }

  /// Turns offsets into ranges of the file; they must lie inside, be aligned, and not overlap.
  private static func place(
    _ infos: [GGUFTensorInfo], dataStart: Int, alignment: Int, file: MappedFile
  ) throws(FileError) -> [GGUFTensor] {
    var names: Set<String> = []
    var tensors: [GGUFTensor] = []
    for info in infos {
      guard names.insert(info.name).inserted else {
        throw .invalid(file.path, at: info.byteOffset, "tensor \"\(info.name)\" occurs twice")
      }
      guard let offset = Int(exactly: info.dataOffset), let start = CheckedSize.sum(dataStart, offset),
        let end = CheckedSize.sum(start, info.byteCount), end <= file.bytes.count
      else {
        throw .invalid(
          file.path, at: info.byteOffset,
          "tensor \"\(info.name)\" of \(info.byteCount) bytes at data offset "
            + "\(info.dataOffset) ends beyond the file's \(file.bytes.count) bytes")
      }
      guard offset.isMultiple(of: alignment) else {
        throw .invalid(
          file.path, at: info.byteOffset,
          "the data offset \(offset) of tensor \"\(info.name)\" is no multiple of "
            + "\(alignment)")
      }
      tensors.append(GGUFTensor(name: info.name, shape: info.shape, type: info.type, byteRange: start..<end))
    }
    var position = dataStart
    for tensor in tensors.sorted(by: { $0.byteRange.lowerBound < $1.byteRange.lowerBound })
    where !tensor.byteRange.isEmpty {
      guard tensor.byteRange.lowerBound >= position else {
        throw .invalid(
          file.path, at: tensor.byteRange.lowerBound, "the data of tensor \"\(tensor.name)\" overlap another's")
      }
      position = tensor.byteRange.upperBound
    }
    return tensors
  }
}
