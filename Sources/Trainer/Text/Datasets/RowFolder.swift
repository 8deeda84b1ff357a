import Foundation

/// A folder of files of rows: any folder, or one that `save_to_disk` of Hugging Face's datasets wrote.
struct RowFolder {
  /// Files beside the rows that describe a dataset of Hugging Face.
  private static let descriptions: Set<String> = ["dataset_info.json", "dataset_infos.json"]
  /// The file in which `save_to_disk` lists a dataset's parts, and that in which it lists a dataset's splits.
  private static let state = "state.json"
  private static let splits = "dataset_dict.json"

  private let url: URL

  init(_ url: URL) { self.url = url }

  /// Its files of rows, sorted by name; at least one.
  func files() throws(DatasetError) -> [URL] {
    let names: [String]
    do throws(FileError) {
      names = try FileManager.default.names(in: url)
    } catch {
      throw DatasetError(place: url.path, message: "\(error.problem); \(error.remedy)", exitCode: error.exitCode)
    }
    if names.contains(Self.splits) {
      let folders = names.filter { isFolder($0) }
      throw DatasetError(
        place: url.path,
        message: "holds the splits \(listed(folders)) of a dataset: name one of them"
          + (folders.first.map { ", as in \(excerpt(url.lastPathComponent))/\(excerpt($0))" } ?? ""))
    }
    if names.contains(Self.state), let parts = try savedParts() { return parts.map { url.appending(path: $0) } }
    let found = names.filter { name in
      !name.hasPrefix(".") && !Self.descriptions.contains(name) && !isFolder(name)
        && (try? DatasetFormat(of: url.appending(path: name))) != nil
    }
    guard !found.isEmpty else {
      let folders = names.filter { !$0.hasPrefix(".") && isFolder($0) }
      throw DatasetError(
        place: url.path,
        message: "the folder holds no file whose name ends in \(DatasetFormat.endings): "
          + (folders.isEmpty
            ? "name the folder that does"
            : "name one of its folders (\(listed(folders))), or a pattern such as \(url.lastPathComponent)/**/*.jsonl"),
        exitCode: 66)
    }
    return found.map { url.appending(path: $0) }
  }

  private func isFolder(_ name: String) -> Bool { url.appending(path: name).isFolder }

  /// The names of a saved dataset's parts, in their order; nil where `state.json` is of another program.
  private func savedParts() throws(DatasetError) -> [String]? {
    let path = url.appending(path: Self.state).path
    do throws(FileError) {
      let state = try JSONParser.object(path: path)
      guard let list = state["_data_files"]?.array else { return nil }
      guard state["_indices_data_files"]?.array?.isEmpty ?? true else {
        throw .unsupported(
          path, "the dataset's rows are a choice by indices, which are not read",
          remedy: "save it again after flatten_indices()")
      }
      var names: [String] = []
      for item in list {
        guard let name = item["filename"]?.string, !name.contains("/"), !name.isEmpty else {
          throw .invalid(path, at: item.byteOffset, "a part should be {\"filename\": name}")
        }
        names.append(name)
      }
      guard !names.isEmpty else { throw .invalid(path, "_data_files lists no part", remedy: "save the dataset again") }
      return names
    } catch {
      throw ColumnFileReader.fault(error)
    }
  }
}
