import Foundation

/// A file of a repository, as the hub lists it.
package struct HubFile: Sendable, Equatable {
  /// Path inside the repository; never one that leads out of its folder.
  package let path: String
  package let byteCount: Int
  /// Hash of the content, by which the cache names it: SHA-256 of a large file (64 digits), or the SHA-1 of git's blob
  /// (40 digits).
  package let hash: String

  package init(path: String, byteCount: Int, hash: String) {
    (self.path, self.byteCount, self.hash) = (path, byteCount, hash)
  }
}

/// The hub's answer about a revision of a repository (`/api/models/ORG/NAME/revision/REVISION?blobs=true`).
///
/// The answer may come from anyone who can set `HF_ENDPOINT`: names that lead out of the cache are refused, and so are
/// hashes that could.
package struct HubListing: Sendable, Equatable {
  /// Commit of the revision, 40 hexadecimal digits.
  package let commit: String
  /// Files in the order of the answer; no path occurs twice.
  package let files: [HubFile]

  /// Reads the answer.
  ///
  /// - Parameter url: the address that was asked, for errors.
  package init(_ answer: Data, url: String) throws(FileError) {
    // A closure would lose the error's type, so the result carries it.
    let parsed = answer.withUnsafeBytes { bytes -> Result<JSON, FileError> in
      do throws(FileError) { return .success(try JSONParser.parse(bytes, path: url)) } catch { return .failure(error) }
    }
    let json = try parsed.get()
    guard let commit = json["sha"]?.string, Self.isHash(commit, digits: 40), let list = json["siblings"]?.array else {
      throw .invalid(url, "the answer names no commit and files", remedy: Self.remedy)
    }
    self.commit = commit
    var files: [HubFile] = []
    var known: Set<String> = []
    for item in list {
      guard let path = item["rfilename"]?.string else {
        throw .invalid(url, at: item.byteOffset, "a file of the answer has no name", remedy: Self.remedy)
      }
      guard HubName.isRelativePath(path), known.insert(path).inserted else {
        throw .invalid(
          url, at: item.byteOffset, "the answer names a file '\(path)' that may not stand in a cache",
          remedy: "nothing was fetched; do not trust this repository")
      }
      let large = item["lfs"]
      let hash = large.flatMap { $0.isNull ? nil : $0 }?["sha256"]?.string ?? item["blobId"]?.string
      guard let hash, Self.isHash(hash, digits: 64) || Self.isHash(hash, digits: 40), let size = item["size"]?.integer,
        size >= 0
      else {
        throw .invalid(url, at: item.byteOffset, "the answer gives no hash and size of \(path)", remedy: Self.remedy)
      }
      files.append(HubFile(path: path, byteCount: size, hash: hash))
    }
    self.files = files
  }

  private static let remedy = "check HF_ENDPOINT: it must answer as huggingface.co does"

  private static func isHash(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}
