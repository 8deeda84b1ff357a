/// The few lines that git keeps in the place of a large file until Git LFS brings the file itself.
///
/// - Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, "The Pointer".
enum GitLFSPointer {
  private static let beginning = "version https://git-lfs.github.com/spec/"

  /// Problem of a file that is one, for messages.
  static let problem = "this is a Git LFS pointer, not the file that it stands for"
  /// The step that brings the file itself.
  static let remedy = "run git lfs pull in its folder, or download the file itself"

  /// True where a file's bytes begin as a pointer does.
  static func begins(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: beginning.utf8) }
}
