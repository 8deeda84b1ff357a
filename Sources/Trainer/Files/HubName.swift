import Glibc

/// A model or a dataset of the Hugging Face hub: `models/ORG/NAME` in words.
package struct HubRepository: Sendable, Hashable {
  /// Kind of a repository; the raw value begins its folder in the cache, and its addresses in the hub's API.
  package enum Kind: String, Sendable {
    case model = "models"
    case dataset = "datasets"
  }

  package let kind: Kind
  /// `ORG/NAME`, or `NAME` alone for the hub's oldest repositories.
  package let name: String

  /// A repository of that name; nil for a name that the hub does not give.
  package init?(_ kind: Kind, _ name: some StringProtocol) {
    guard Self.isName(name) else { return nil }
    (self.kind, self.name) = (kind, String(name))
  }

  /// Name of its folder in the cache: `models--ORG--NAME`.
  package var folderName: String {
    ([kind.rawValue] + name.split(separator: "/").map(String.init)).joined(separator: "--")
  }

  /// True for names by the rules of huggingface_hub's `validate_repo_id`.
  static func isName(_ text: some StringProtocol) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, text.utf8.count <= 96, !text.contains("--"), !text.contains(".."), !text.hasSuffix(".git")
    else { return false }
    return parts.allSatisfy { part in
      guard let first = part.first, let last = part.last, !"-.".contains(first), !"-.".contains(last) else {
        return false
      }
      return part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
    }
  }
}

/// What a person writes for something of the hub: `hf:ORG/NAME`, `hf:ORG/NAME@REVISION`, `hf:ORG/NAME/PATH`.
package struct HubName: Sendable, Equatable {
  /// Beginning of a name that means the hub, whatever stands on the disk.
  package static let prefix = "hf:"
  /// Form of such a name, for errors.
  package static let form = "hf:ORG/NAME, hf:ORG/NAME@REVISION or hf:ORG/NAME/FILE"

  package let repository: HubRepository
  /// A branch, a tag or a commit; nil: `main`.
  package let revision: String?
  /// Path inside the repository: a file, a folder or, for data, a pattern; nil: the whole.
  package let path: String?

  package init(_ repository: HubRepository, revision: String? = nil, path: String? = nil) {
    (self.repository, self.revision, self.path) = (repository, revision, path)
  }

  /// Reads a name with or without `hf:`; nil where it has another form.
  package init?(_ text: String, of kind: HubRepository.Kind) {
    let name = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : Substring(text)
    let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count > 1 || text.hasPrefix(Self.prefix), let owner = parts.first else { return nil }
    // Where there is no ORG, the revision ends the name.
    let last = parts.count > 1 ? parts[1] : owner
    let cut = last.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let repository = HubRepository(kind, parts.count > 1 ? owner + "/" + cut[0] : cut[0]) else { return nil }
    self.repository = repository
    revision = cut.count > 1 ? String(cut[1]) : nil
    path = parts.count > 2 ? String(parts[2]) : nil
    guard revision.map(Self.isRelativePath) ?? true, path.map(Self.isRelativePath) ?? true else { return nil }
  }

  /// True for a path that stays below the folder it is joined to, and that a terminal shows as it is: names in a listing
  /// and in a cache may come from strangers.
  package static func isRelativePath(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
      && path.utf8.count <= 1024 && !path.unicodeScalars.contains(where: \.steersTerminal)
  }

  /// True where a path matches a pattern of the shell's kind; as in huggingface_hub, `*` also stands for `/`, and a
  /// pattern that ends with `/` means all below that folder.
  package static func matches(_ path: String, pattern: String) -> Bool {
    fnmatch(pattern.hasSuffix("/") ? pattern + "*" : pattern, path, 0) == 0
  }

  /// The command that fetches what the name means.
  package var command: String {
    "accrete download \(repository.name)" + (repository.kind == .dataset ? " --dataset" : "")
      + (revision.map { " --revision \($0)" } ?? "") + (path.map { " --include '\($0)'" } ?? "")
  }
}
