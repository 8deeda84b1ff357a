import Foundation
import Testing

import Trainer

@Suite("Files of rows")
struct RowFilesTests {
  /// A folder of files, which is removed with the fixture.
  private final class Folder {
    let url: URL

    init(_ files: [String: String]) throws {
      url = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)")
        .resolvingSymlinksInPath()
      for (name, content) in files {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: file)
      }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Paths relative to the folder of what names stand for.
    func resolved(_ names: String...) throws(DatasetError) -> [String] {
      try RowFiles(names.map { url.path + "/" + $0 }).resolved().map { String($0.path.dropFirst(url.path.count + 1)) }
    }

    func error(_ names: String...) -> DatasetError? {
      do {
        _ = try RowFiles(names.map { $0.hasPrefix("hf:") ? $0 : url.path + "/" + $0 }).resolved()
        return nil
      } catch {
        return error
      }
    }

    func load(_ names: String..., part: DatasetPart = .whole) throws(DatasetError) -> Dataset {
      try Dataset.load(
        name: "d", files: RowFiles(names.map { url.path + "/" + $0 }), part: part, tokenizer: WordTokenizer(),
        vocabularySize: 2_000_000, sequenceLength: 64)
    }
  }

  private static func row(_ text: String) -> String { "{\"text\": \"\(text)\"}\n" }

  private static let tree = [
    "b.jsonl": row("b1") + row("b2"), "a.csv": "text\na1\na2\n", "c.txt": "c", "notes.md": "x",
    ".hidden.jsonl": row("h"),
    "sub/d.jsonl": row("d"), "sub/deep/e.jsonl": row("e"), "sub/.h/f.jsonl": row("f"), "part[1].jsonl": row("p"),
    "dataset_info.json": "{}",
  ]

  @Test("a file, a folder, a list and patterns stand for files in order")
  func resolved() throws {
    let folder = try Folder(Self.tree)
    #expect(try folder.resolved("b.jsonl") == ["b.jsonl"])
    // Sorted by name; hidden files, descriptions and files of no known format are passed over.
    #expect(try folder.resolved("") == ["a.csv", "b.jsonl", "c.txt", "part[1].jsonl"])
    #expect(try folder.resolved("c.txt", "a.csv", "c.txt") == ["c.txt", "a.csv"])
    #expect(try folder.resolved("*.jsonl") == ["b.jsonl", "part[1].jsonl"])
    #expect(try folder.resolved("[a-b].*") == ["a.csv", "b.jsonl"])
    #expect(try folder.resolved("?.txt") == ["c.txt"])
    #expect(try folder.resolved("*/d.jsonl") == ["sub/d.jsonl"])
    #expect(try folder.resolved("**/*.jsonl") == ["b.jsonl", "part[1].jsonl", "sub/d.jsonl", "sub/deep/e.jsonl"])
    #expect(try folder.resolved("sub/**") == ["sub/d.jsonl", "sub/deep/e.jsonl"])
    #expect(try folder.resolved("**/deep/*") == ["sub/deep/e.jsonl"])
    #expect(try folder.resolved(".h*") == [".hidden.jsonl"], "a dot that is written matches")
    #expect(try folder.resolved("part[1].jsonl") == ["part[1].jsonl"], "a file wins over the pattern that it spells")
    #expect(
      try folder.resolved("b.jsonl", "*") == [
        "b.jsonl", "a.csv", "c.txt", "dataset_info.json", "notes.md", "part[1].jsonl",
      ])
  }

  @Test("what stands for no file is an error that says what to do")
  func nothing() throws {
    let folder = try Folder(["sub/x.jsonl": Self.row("a"), "notes.md": "", "splits/dataset_dict.json": "{}"])
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "splits/train"), withIntermediateDirectories: true)
    let empty = try #require(folder.error(""))
    #expect(empty.exitCode == 66 && empty.message.contains(".jsonl") && empty.message.contains("\"sub\""), "\(empty)")
    let pattern = try #require(folder.error("*.csv"))
    #expect(
      pattern.exitCode == 66 && pattern.place.hasSuffix("/*.csv") && pattern.message.contains("pattern"), "\(pattern)")
    let splits = try #require(folder.error("splits"))
    #expect(splits.message.contains("splits/train"), "\(splits)")
    let hub = try #require(folder.error("hf:org/name/data/x.parquet"))
    #expect(hub.exitCode == 66 && hub.message.contains("accrete download org/name"), "\(hub)")
    do {
      _ = try folder.load("none.jsonl")
      Issue.record("loaded a file that is not there")
    } catch {
      #expect(error.exitCode == 66 && error.message.contains("no such dataset"), "\(error)")
    }
  }

  @Test("rows go on over the files: order, places, counts, splits")
  func rows() throws {
    let folder = try Folder(Self.tree)
    let dataset = try folder.load("b.jsonl", "a.csv", "c.txt")
    #expect(dataset.samples.map { WordTokenizer().decode($0.ids, skipSpecial: true) } == ["b1", "b2", "a1", "a2", "c"])
    #expect(dataset.statistics.rows == 5)
    #expect(dataset.place(of: 1).hasSuffix("/b.jsonl:2") && dataset.place(of: 2).hasSuffix("/a.csv:2"))
    #expect(dataset.place(of: 4).hasSuffix("/c.txt"))
    let split = DatasetSplit(share: 0.6, seed: 3)
    let whole = Set(dataset.samples.map(\.ids))
    let (train, held) = try (
      folder.load("b.jsonl", "a.csv", "c.txt", part: .training(split)),
      folder.load("b.jsonl", "a.csv", "c.txt", part: .heldOut(split))
    )
    #expect(train.samples.count == 3 && held.samples.count == 2)
    #expect(Set((train.samples + held.samples).map(\.ids)) == whole)
    try Data("{\"txt\": 1}\n".utf8).write(to: folder.url.appending(path: "b2.jsonl"))
    do {
      _ = try folder.load("*.jsonl")
      Issue.record("read a row of no shape")
    } catch {
      #expect(error.place.hasSuffix("/b2.jsonl:1"), "\(error)")
    }
  }

  @Test("the hash is a single file's own, and of several that of the list that sha256sum prints")
  func hash() throws {
    let folder = try Folder(["one/a.jsonl": "a", "two/b.jsonl": "b"])
    let (a, b) = (folder.url.appending(path: "one/a.jsonl"), folder.url.appending(path: "two/b.jsonl"))
    let (hashA, hashB) = try (FileHash.sha256(of: a), FileHash.sha256(of: b))
    #expect(try RowFiles([a.path]).sha256() == hashA)
    #expect(try RowFiles([folder.url.path + "/one"]).sha256() == hashA)
    let both = FileHash.sha256(of: Data("\(hashA)  one/a.jsonl\n\(hashB)  two/b.jsonl\n".utf8))
    #expect(try RowFiles([a.path, b.path]).sha256() == both)
    #expect(try RowFiles([folder.url.path + "/**/*.jsonl"]).sha256() == both)
    try Data("c".utf8).write(to: b)
    #expect(try RowFiles([a.path, b.path]).sha256() != both)
  }
}
