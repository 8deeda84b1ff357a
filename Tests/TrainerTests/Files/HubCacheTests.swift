import Foundation
import Testing

import Trainer

/// A Hugging Face cache made by hand, removed with the fixture.
private final class CacheFixture {
  let folder = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID().uuidString)").standardizedFileURL
  var cache: HubCache { HubCache(folder: folder) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Files of a repository's snapshot, each holding its own name.
  func add(_ repository: String, commit: String = "aaaa", reference: String? = "main", _ paths: String...) throws {
    let root = folder.appending(path: repository)
    for path in paths { try write(path, root.appending(path: "snapshots/\(commit)/\(path)")) }
    if let reference { try write(commit, root.appending(path: "refs/\(reference)")) }
  }

  private func write(_ text: String, _ url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// The error of `body`; nil: it succeeds.
  func failure(_ body: () throws(FileError) -> Void) -> FileError? {
    do throws(FileError) {
      try body()
      return nil
    } catch {
      return error
    }
  }
}

@Suite("Names of the hub")
struct HubNameTests {
  @Test("a name is read with its revision and path")
  func names() throws {
    func read(_ text: String) -> [String?]? {
      HubName(text, of: .model).map { [$0.repository.name, $0.revision, $0.path] }
    }
    #expect(read("org/name") == ["org/name", nil, nil])
    #expect(read("org/name@v1.0") == ["org/name", "v1.0", nil])
    #expect(read("hf:gpt2") == ["gpt2", nil, nil] && read("hf:gpt2@main") == ["gpt2", "main", nil])
    #expect(read("hf:org/name@pr-1/data/a.parquet") == ["org/name", "pr-1", "data/a.parquet"])
    #expect(read("hf:org/name/m.gguf") == ["org/name", nil, "m.gguf"])
    #expect(HubName("org/name@x", of: .dataset)?.command == "accrete download org/name --dataset --revision x")
    #expect(HubRepository(.dataset, "org/name")?.folderName == "datasets--org--name")
  }

  @Test(
    "other texts are no names",
    arguments: [
      "name", "", "/", "org/", "/name", "hf:", "../name", "org/..", "org/.name", "org/name-", "a--b/c", "org/na me",
      "org/näme", "org/name@", "org/name@../x", "hf:org/name/../x", "hf:org/name//x", "hf:org/name/a\nb", "org/x.git",
      "org/name/" + String(repeating: "a", count: 300),
      String(repeating: "a", count: 60) + "/" + String(repeating: "b", count: 60),
    ])
  func others(_ text: String) {
    #expect(HubName(text, of: .model) == nil)
  }
}

@Suite("The Hugging Face cache")
struct HubCacheTests {
  @Test("the folder is that of huggingface_hub")
  func folders() {
    func path(_ environment: [String: String]) -> String { HubCache(environment: environment).folder.path }
    #expect(path(["HOME": "/h"]) == "/h/.cache/huggingface/hub")
    #expect(path(["HOME": "/h", "XDG_CACHE_HOME": "/x"]) == "/x/huggingface/hub")
    #expect(path(["XDG_CACHE_HOME": "/x", "HF_HOME": "/f"]) == "/f/hub")
    #expect(path(["HF_HOME": "/f", "HF_HUB_CACHE": "/c", "XDG_CACHE_HOME": ""]) == "/c")
  }

  @Test("a name leads through its reference to a snapshot, a commit leads there itself")
  func snapshots() throws {
    let fixture = CacheFixture()
    try fixture.add("models--org--name", "config.json", "q.gguf")
    try fixture.add("models--org--name", commit: "bbbb", reference: "refs/pr/1", "config.json")
    func found(_ text: String) throws(FileError) -> String {
      try fixture.cache.model(text, path: URL(fileURLWithPath: "/nonexistent/" + text)).lastPathComponent
    }
    #expect(try found("org/name") == "aaaa" && found("hf:org/name@main") == "aaaa" && found("org/name@bbbb") == "bbbb")
    #expect(try found("hf:org/name/q.gguf") == "q.gguf")
    let missing = fixture.failure { () throws(FileError) in _ = try found("org/other@v2") }
    #expect(missing?.exitCode == 66)
    #expect(
      missing?.description.contains("`accrete download org/other --revision v2`") == true,
      "\(String(describing: missing))")
    let file = fixture.failure { () throws(FileError) in _ = try found("hf:org/name/p.gguf") }
    #expect(file?.exitCode == 66 && file?.remedy.contains("--include 'p.gguf'") == true)
    let odd = fixture.failure { () throws(FileError) in _ = try found("hf:org name") }
    #expect(odd?.exitCode == 65 && odd?.remedy.contains("hf:ORG/NAME@REVISION") == true)
  }

  @Test("what stands on the disk wins, and what looks like a path is one")
  func paths() throws {
    let fixture = CacheFixture()
    try fixture.add("models--org--name", "config.json")
    let here = fixture.folder.appending(path: "models--org--name/refs")
    #expect(try fixture.cache.model("org/name", path: here) == here)
    #expect(try fixture.cache.model("hf:org/name", path: here).lastPathComponent == "aaaa")
    for text in ["./org/name", "/org/name", "~/name", "../name", "a/b/c", "name", "models/x.gguf", "models/x.bin"] {
      let path = URL(fileURLWithPath: "/nonexistent/x")
      #expect(try fixture.cache.model(text, path: path) == path, "\(text)")
    }
  }

  @Test("a reference that leads out of the cache is refused", arguments: ["../../../etc", "", "a/b", "a\u{1B}b"])
  func hostileReference(_ commit: String) throws {
    let fixture = CacheFixture()
    try fixture.add("models--org--name", reference: nil, "config.json")
    let reference = fixture.folder.appending(path: "models--org--name/refs/main")
    try FileManager.default.createDirectory(
      at: reference.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(commit.utf8).write(to: reference)
    let error = fixture.failure { () throws(FileError) in
      _ = try fixture.cache.model("org/name", path: URL(fileURLWithPath: "/nonexistent/x"))
    }
    #expect(error?.kind == .invalid, "\(String(describing: error))")
  }

  @Test("a snapshot's path has a name that leads back to it; a missing path may be a name")
  func back() {
    let path = "/c/models--org--name/snapshots/aaaa"
    #expect(HubCache.name(ofSnapshot: path) == "hf:org/name@aaaa")
    #expect(HubCache.name(ofSnapshot: "\"\(path)/q.gguf\"") == "hf:org/name@aaaa/q.gguf")
    for other in [
      "/c/org/name", "/c/datasets--org--name/snapshots/aaaa", "/snapshots", "/c/models--org--name/snapshots",
    ] {
      #expect(HubCache.name(ofSnapshot: other) == nil)
    }
    let remedy = HubCache.remedy(where: URL(fileURLWithPath: "/nonexistent/org/name"))
    #expect(remedy.contains("`accrete download org/name`"))
    #expect(HubCache.remedy(where: URL(fileURLWithPath: "/tmp/name")) == "check the path")
  }
}

@Suite("Files of a dataset of the hub")
struct HubDataFilesTests {
  private func files(_ text: String, _ split: HubSplit = .train, in fixture: CacheFixture) throws -> [String] {
    try fixture.cache.files(of: text, split: split).map {
      String($0.path.dropFirst(fixture.folder.path.count).split(separator: "/").dropFirst(3).joined(separator: "/"))
    }
  }

  @Test("the files of a split, by their names or their folders'")
  func splits() throws {
    let fixture = CacheFixture()
    try fixture.add(
      "datasets--org--shards", "README.md", "dataset_infos.json", "data/test-00000-of-00001.parquet",
      "data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "constraints.jsonl")
    let train = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]
    #expect(try files("hf:org/shards", in: fixture) == train)
    #expect(try files("hf:org/shards@main", .validation, in: fixture) == ["data/test-00000-of-00001.parquet"])
    #expect(try files("hf:org/shards/data", in: fixture) == train)
    #expect(
      try files("hf:org/shards/data/*-00000-*", in: fixture)
        == ["data/test-00000-of-00001.parquet", "data/train-00000-of-00002.parquet"])
    #expect(try files("hf:org/shards/README.md", in: fixture) == ["README.md"])
    try fixture.add(
      "datasets--org--folders", "train/a.jsonl.gz", "train/b.jsonl.gz", "dev/a.jsonl.gz", "test/a.jsonl.gz")
    #expect(try files("hf:org/folders", in: fixture) == ["train/a.jsonl.gz", "train/b.jsonl.gz"])
    #expect(try files("hf:org/folders", .validation, in: fixture) == ["dev/a.jsonl.gz"])
    try fixture.add("datasets--org--plain", "constrained.csv", "more.csv")
    #expect(try files("hf:org/plain", in: fixture) == ["constrained.csv", "more.csv"])
  }

  @Test("a name is pinned to the commit that it stands for")
  func pinned() throws {
    let fixture = CacheFixture()
    try fixture.add("datasets--org--data", "train.csv")
    for name in ["hf:org/data", "hf:org/data@main", "hf:org/data@aaaa"] {
      #expect(try fixture.cache.pinned(name) == "hf:org/data@aaaa")
      #expect(try fixture.cache.pinned(name + "/train.csv") == "hf:org/data@aaaa/train.csv")
    }
  }

  @Test("what the names do not tell is an error that says how to")
  func refusals() throws {
    let fixture = CacheFixture()
    try fixture.add("datasets--org--sets", "main/train-0.parquet", "socratic/train-0.parquet")
    try fixture.add("datasets--org--test", "test.jsonl")
    try fixture.add("datasets--org--none", "README.md", "model.bin", ".cache/rows.jsonl")
    func error(_ text: String, _ split: HubSplit = .train) -> FileError? {
      fixture.failure { () throws(FileError) in _ = try fixture.cache.files(of: text, split: split) }
    }
    #expect(error("hf:org/sets")?.remedy == "name one, as in hf:org/sets/socratic")
    #expect(try files("hf:org/sets/main", in: fixture) == ["main/train-0.parquet"])
    #expect(error("hf:org/test")?.problem.contains("train") == true && error("hf:org/test")?.exitCode == 65)
    #expect(error("hf:org/none")?.exitCode == 66 && error("hf:org/test/x")?.exitCode == 66)
    #expect(error("hf:org/absent")?.remedy == "run `accrete download org/absent --dataset`")
    #expect(error("org/test")?.exitCode == 65)
  }
}
