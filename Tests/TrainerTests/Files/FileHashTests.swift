import Foundation
import Testing

import Trainer

@Suite struct FileHashTests {
  /// FIPS 180-2, appendix B: "abc" and a million times "a" (more than one piece), and the empty message.
  @Test(arguments: [
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("aaaaaaaaaa", 100_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownHashes(_ text: String, _ repetitions: Int, _ expected: String) throws {
    let scratch = try CheckpointScratch()
    let data = Data(String(repeating: text, count: repetitions).utf8)
    let url = try scratch.write(data, "file")
    #expect(try FileHash.sha256(of: url) == expected)
    #expect(FileHash.sha256(of: data) == expected)
  }

  @Test func piecesMakeTheSameHashAsTheWhole() throws {
    let scratch = try CheckpointScratch()
    let data = Data((0..<((1 << 21) + 7)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    #expect(try FileHash.sha256(of: scratch.write(data, "file")) == FileHash.sha256(of: data))
  }
}
