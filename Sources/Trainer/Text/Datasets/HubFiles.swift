import Foundation

extension RowFiles {
  /// The files that a name in the Hugging Face cache stands for: `hf:ORG/NAME`, or `hf:ORG/NAME/FILE`.
  ///
  /// - Throws: `DatasetError` where they are not in the cache, or the name does not say which are meant.
  static func hubFiles(_ name: String, split: HubSplit) throws(DatasetError) -> [URL] {
    do throws(FileError) {
      return try HubCache().files(of: name, split: split)
    } catch {
      throw DatasetError(
        place: name, message: "\(error.path): \(error.problem); \(error.remedy)", exitCode: error.exitCode)
    }
  }

  /// The name with its revision's commit, which a run's recipe keeps; as it is where the cache does not hold it.
  static func pinned(_ name: String) -> String { (try? HubCache().pinned(name)) ?? name }
}
