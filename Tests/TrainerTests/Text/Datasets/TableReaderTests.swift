import Foundation
import Testing

import Trainer

@Suite("Tables of rows")
struct TableReaderTests {
  private func fixture(_ text: String, _ name: String = "rows.csv") throws -> DatasetFixture {
    try DatasetFixture(text, name: name)
  }

  @Test("quoted line ends, separators and quotes; spaces belong to their cell")
  func quoting() throws {
    let table = """
      id,text
      1,"a
      b"
      2,"c, ""d"" e"
      3, f\u{20}
      4,"e"
      5,5" pipe
      6,\"\"\"\"
      """
    let texts = try fixture(table).texts()
    #expect(texts == ["a\nb", "c, \"d\" e", " f ", "e", "5\" pipe", "\""])
  }

  @Test(
    "line ends of every kind, blank lines, and a last line without one",
    arguments: [
      "text,id\r\na,1\r\n\r\nb,2\r\n", "text,id\na,1\n\nb,2", "text,id\r\na,1\nb,2\r", "\n\r\ntext,id\na,1\nb,2",
      "text,id\ra,1\r\rb,2\r", "text,id\ra,1\rb,2", "\r\"text\",id\ra,1\rb,2",
    ])
  func lineEnds(_ table: String) throws {
    #expect(try fixture(table).texts() == ["a", "b"])
  }

  @Test("where lines end by CR alone, their numbers count those, and a line feed belongs to its quoted cell")
  func returns() throws {
    #expect(try fixture("text,id\r\"a\nb\",1\rc,2\r").texts() == ["a\nb", "c"])
    let fixture = try fixture("text,id\r\"a\rb\",1\rc\r")
    #expect(fixture.error()?.place == fixture.file.path + ":4")
  }

  @Test("tabs separate a .tsv, and commas are text there")
  func tabs() throws {
    #expect(try fixture("text\tid\na, b\t1\n\"c\td\"\t2\n", "rows.tsv").texts() == ["a, b", "c\td"])
  }

  @Test("cells are text, also where they look like numbers or nothing; columns without a name are passed over")
  func cells() throws {
    let dataset = try fixture(",prompt,completion\n0,1,2.50\n1,,null\n").load()
    let text = dataset.samples.map { WordTokenizer().decode($0.ids, skipSpecial: true) }
    #expect(text == ["12.50", "null"])
    #expect(dataset.samples.map { $0.labels.count { $0 != Sample.ignoredLabel } } == [5, 5])
  }

  /// A table, the line of its fault, and the text that the error must contain.
  static let faults: [(String, Int, [String])] = [
    ("text,id\na,1\n\"b\nc\",2\nd\n", 5, ["2 columns", "has 1"]),
    ("text,id\na,1,x\n", 2, ["2 columns", "has more"]),
    ("text,id\n\"a\nb\"c,1\n", 3, ["text follows the quote"]),
    ("text,id\na,1\n\"b,2\nc,3\n", 3, ["no end"]),
    ("text,id,text\na,1,b\n", 1, ["\"text\" twice"]),
    ("input_ids,labels\n1 2,1 2\n", 2, [".jsonl"]),
    ("question,answer\na,b\n", 2, ["\"answer\", \"question\""]),
    ("messages,id\n[],1\n", 2, ["\"messages\" is text"]),
    (String(repeating: ",", count: 20_000), 1, ["more than 10000 columns"]),
  ]

  @Test("a faulty row is named with its line, quoted line ends counted", arguments: faults)
  func fault(_ table: String, _ line: Int, _ says: [String]) throws {
    let fixture = try fixture(table)
    let error = try #require(fixture.error())
    #expect(error.place == "\(fixture.file.path):\(line)", "\(error)")
    for words in says { #expect(error.message.contains(words), "\(error)") }
  }

  @Test("a table that is empty, or a header alone, is empty; one in another encoding is refused with its line")
  func empty() throws {
    for table in ["", "\n", "text", "text,id\r\n"] {
      #expect(try fixture(table).error()?.message.contains("is empty") == true, "\(table)")
    }
    let fixture = try DatasetFixture(Data("text,id\na,1\n".utf8) + Data([0xE9, 0x2C, 0x32]), name: "rows.csv")
    let error = try #require(fixture.error())
    #expect(error.place.hasSuffix(":3") && error.message.contains("UTF-8"), "\(error)")
  }

  @Test("ten thousand rows of quoted text in every cell come out as they went in")
  func many() throws {
    let texts = (0..<10_000).map { "row \($0), \"quoted\"\r\nand, on\n" }
    let table =
      "id,text\r\n"
      + texts.enumerated().map { index, text in
        "\(index),\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"\r\n"
      }.joined()
    #expect(try fixture(table).texts() == texts)
  }
}
