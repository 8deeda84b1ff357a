import Foundation
import Trainer

/// A repository's folder in the cache, written as huggingface_hub writes it.
struct HubFolder {
  private let cache: HubCache
  private let repository: HubRepository

  init(_ repository: HubRepository, in cache: HubCache) {
    (self.cache, self.repository) = (cache, repository)
  }

  private var folder: URL { cache.folder(of: repository) }

  /// Place of a content.
  func blob(_ file: HubFile) -> URL { folder.appending(path: "blobs/" + file.hash) }

  /// Folder of a commit's files.
  func snapshot(_ commit: String) -> URL { folder.appending(path: "snapshots/" + commit) }

  /// Bytes of a file that are here, also of one that is not whole.
  func byteCount(of file: HubFile) -> Int {
    let path = blob(file).path
    let sizes = [path, path + ".incomplete"].map { size(of: $0) }
    return sizes[0] == file.byteCount ? file.byteCount : min(sizes[1] ?? 0, file.byteCount)
  }

  /// True where the content is here; one of another size is not it.
  func holds(_ file: HubFile) -> Bool { size(of: blob(file).path) == file.byteCount }

  private func size(of path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// Does `body` while no other download, of this program or of huggingface_hub, writes the same content.
  ///
  /// - Parameter wait: called once where another one has to be waited for.
  func locked(_ file: HubFile, wait: () -> Void, _ body: () throws(HubError) -> Void) throws(HubError) {
    let lock = cache.folder.appending(path: ".locks/\(repository.folderName)/\(file.hash).lock")
    try makeFolder(lock.deletingLastPathComponent())
    try makeFolder(folder.appending(path: "blobs"))
    let descriptor = open(lock.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
    guard descriptor >= 0 else { throw HubError(.system("open", lock.path, code: errno)) }
    defer { close(descriptor) }
    var isWaiting = false
    // On a file system without locks the download goes on without one.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0, [EWOULDBLOCK, EINTR].contains(errno) {
      if !isWaiting { wait() }
      isWaiting = true
      try Pause.wait(0.2)
    }
    try body()
  }

  /// Makes a commit's link to a content, in the place of what stands there.
  func link(_ file: HubFile, at commit: String) throws(HubError) {
    let link = snapshot(commit).appending(path: file.path)
    let depth = file.path.split(separator: "/").count + 1
    let target = String(repeating: "../", count: depth) + "blobs/" + file.hash
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: link.path)) == target { return }
    try makeFolder(link.deletingLastPathComponent())
    let temporary = link.path + ".\(getpid()).partial"
    unlink(temporary)
    guard symlink(target, temporary) == 0 else { throw HubError(.system("symlink", temporary, code: errno)) }
    guard rename(temporary, link.path) == 0 else {
      let code = errno
      unlink(temporary)
      throw HubError(.system("rename", link.path, code: code))
    }
  }

  /// Notes the commit of a branch or a tag.
  func setReference(_ revision: String, to commit: String) throws(HubError) {
    guard revision != commit else { return }
    let reference = folder.appending(path: "refs/" + revision)
    try makeFolder(reference.deletingLastPathComponent())
    do throws(FileError) { try AtomicFile.write(Data(commit.utf8), to: reference) } catch { throw HubError(error) }
  }

  /// Refuses a download that the disk has no room for.
  func checkRoom(for byteCount: Int) throws(HubError) {
    try makeFolder(folder)
    var status = statvfs()
    guard statvfs(folder.path, &status) == 0 else { throw HubError(.system("statvfs", folder.path, code: errno)) }
    let free = Int(
      clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    guard byteCount <= free else {
      throw HubError(
        74, "\(folder.path): the files take \(shownBytes(byteCount)) more, the disk has \(shownBytes(free)) free",
        "free some, or set HF_HOME to a folder on another disk")
    }
  }

  private func makeFolder(_ url: URL) throws(HubError) {
    do throws(FileError) { try FileManager.default.makeFolder(at: url) } catch { throw HubError(error) }
  }
}

/// A number of bytes in words: 1.2 GB.
package func shownBytes(_ count: Int) -> String {
  let units = ["bytes", "kB", "MB", "GB", "TB"]
  var (value, unit) = (Double(count), 0)
  while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
  return unit == 0 || value >= 100
    ? "\(Int(value.rounded())) \(units[unit])" : "\((value * 10).rounded() / 10) \(units[unit])"
}
