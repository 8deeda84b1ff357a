import Crypto
import Foundation

/// Finds the `.cl` files at run time and resolves their `#include`s.
package enum KernelSource {
  /// The folder of kernels: `ACCRETE_KERNELS`; else `../share/accrete/kernels` beside the executable; else the nearest
  /// `kernels` folder above the executable or the working directory.
  ///
  /// - Throws: `DeviceError` of kind `build` where none of these holds kernels.
  package static func folder() throws(DeviceError) -> URL {
    if let named = ProcessInfo.processInfo.environment["ACCRETE_KERNELS"] {
      let folder = URL(fileURLWithPath: named)
      if holdsKernels(folder) { return folder }
      throw DeviceError(
        kind: .build, call: "find the kernels", detail: "ACCRETE_KERNELS=\(named) holds no prelude/common.cl",
        remedy: "let ACCRETE_KERNELS name the folder of the .cl files")
    }
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let installed = executable.deletingLastPathComponent().appending(path: "share/accrete/kernels")
    let working = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    let above = (ancestors(of: executable) + ancestors(of: working)).map { $0.appending(path: "kernels") }
    if let found = ([installed] + above).first(where: holdsKernels) { return found }
    throw DeviceError(
      kind: .build, call: "find the kernels", detail: "looked in \(installed.path) and above the executable",
      remedy: "let ACCRETE_KERNELS name the folder of the .cl files")
  }

  /// Paths of all `.cl` files in the folder, in order.
  package static func files() throws(DeviceError) -> [String] {
    let folder = try folder()
    guard let paths = try? FileManager.default.subpathsOfDirectory(atPath: folder.path) else {
      throw DeviceError(
        kind: .build, call: "list the kernels", detail: folder.path, remedy: "reinstall, or set ACCRETE_KERNELS")
    }
    return paths.filter { $0.hasSuffix(".cl") }.sorted()
  }

  /// The SHA-256 over the path, size and bytes of every `.cl` file in the folder, in lower-case hexadecimal digits.
  package static func hash() throws(DeviceError) -> String {
    let folder = try folder()
    let files = try files()
    var hash = SHA256()
    do {
      for file in files {
        let bytes = try Data(contentsOf: folder.appending(path: file))
        hash.update(data: Data("\(file)\u{0}\(bytes.count)\u{0}".utf8))
        hash.update(data: bytes)
      }
    } catch {
      throw DeviceError(
        kind: .build, call: "read the kernels", detail: folder.path, remedy: "reinstall, or set ACCRETE_KERNELS")
    }
    return hash.finalize().hexadecimal
  }

  /// The text of a kernel file, each `#include "…"` line replaced once by the file it names.
  ///
  /// `#line` directives let the driver's messages name the original file and line.
  package static func load(_ file: String) throws(DeviceError) -> String {
    var included: Set<String> = []
    return try expand(file, in: try folder(), included: &included)
  }

  private static func expand(
    _ file: String, in folder: URL, included: inout Set<String>
  ) throws(DeviceError) -> String {
    let url = folder.appending(path: file)
    guard let data = try? RegularFile.contents(of: url), let text = String(data: data, encoding: .utf8) else {
      throw DeviceError(
        kind: .build, call: "read a kernel", detail: url.path, remedy: "reinstall, or set ACCRETE_KERNELS")
    }
    included.insert(file)
    var lines = ["#line 1 \"\(file)\""]
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard line.hasPrefix("#include \""), let name = line.split(separator: "\"").dropFirst().first.map(String.init)
      else {
        lines.append(String(line))
        continue
      }
      if !included.contains(name) { lines.append(try expand(name, in: folder, included: &included)) }
      lines.append("#line \(index + 2) \"\(file)\"")
    }
    return lines.joined(separator: "\n")
  }

  private static func holdsKernels(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "prelude/common.cl").path)
  }

  /// A folder and all folders above it. Empty for a path that does not begin at the root, such as that of a deleted
  /// working directory, where going up would never end.
  private static func ancestors(of folder: URL) -> [URL] {
    guard folder.path.hasPrefix("/") else { return [] }
    var list = [folder]
    while let last = list.last, last.path != "/" { list.append(last.deletingLastPathComponent()) }
    return list
  }
}
