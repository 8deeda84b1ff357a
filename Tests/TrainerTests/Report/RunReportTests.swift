import Foundation
import Testing

import Trainer

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("The report of a run")
struct RunReportTests {
  /// Every file of the report, by its path.
  private func written(_ fixture: ReportFixture) throws -> [String: Data] {
    let files = try fixture.report()
    let events = try FileManager.default.contentsOfDirectory(atPath: files.tensorboard)
    let paths = [files.report] + files.figures + events.map { files.tensorboard + "/" + $0 }
    return try Dictionary(uniqueKeysWithValues: paths.map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) })
  }

  /// True where each element ends where it must: page and figures are XML too.
  private func isWellFormed(_ data: Data) -> Bool { XMLParser(data: data).parse() }

  @Test("the same files give the same bytes, and nothing but the report is written")
  func deterministic() throws {
    let fixture = try ReportFixture()
    let first = try written(fixture)
    let names = try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path).sorted()
    let second = try written(fixture)
    #expect(first == second)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path).sorted() == names)
    #expect(!names.contains { $0.hasSuffix(".partial") })
  }

  @Test("page and figures are well formed, name themselves, and ask for nothing from elsewhere")
  func wellFormed() throws {
    let fixture = try ReportFixture()
    let files = try written(fixture)
    let figures = files.filter { $0.key.hasSuffix(".svg") }
    #expect(
      Set(figures.keys.map { URL(fileURLWithPath: $0).lastPathComponent }) == [
        "transfer-loss.svg", "transfer-chrf.svg", "forgetting.svg", "loss.svg", "learning-rate.svg",
        "gradient-norm.svg", "validation.svg", "tokens.svg", "drift.svg", "speed.svg",
      ])
    for (path, data) in files where !path.contains("tfevents") {
      #expect(isWellFormed(data), "\(path)")
      let text = String(decoding: data, as: UTF8.self)
      #expect(!text.contains("<script"), "\(path)")
      let others = text.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!others.contains("http://") && !others.contains("https://"), "\(path)")
    }
    for (path, data) in figures {
      let text = String(decoding: data, as: UTF8.self)
      #expect(text.contains("<title id=\"title\">") && text.contains("<desc id=\"desc\">"), "\(path)")
      #expect(text.contains("prefers-color-scheme: dark"), "\(path)")
    }
  }

  @Test("the page says what the records say")
  func content() throws {
    let fixture = try ReportFixture()
    _ = try written(fixture)
    let page = try fixture.text("report.html")
    for text in [
      // The headline, a cell with its standard error, the change below it.
      "1.875", "−0.250", "<b>25.00</b> ± 1.75", "<small>+15.00</small>", "<td class=\"better own\"",
      // Drift, samples before and after, the rounds' settings, memory, the recipe.
      "+0.250", "I cannot &lt;/p&gt;", "&lt;b&gt;yes&lt;/b&gt;", "5e-05", "3.00 MiB",
      "&lt;script&gt;alert(&#39;recipe&#39;)&lt;/script&gt;", "two &amp; &lt;three&gt;",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test("a run of which little is there has a report too")
  func underWay() throws {
    let fixture = try ReportFixture()
    for path in ["rounds", "evaluations.jsonl", "transfer.json"] { try fixture.remove(path) }
    #expect(try written(fixture).keys.contains { $0.hasSuffix("loss.svg") })
    try fixture.remove("metrics.jsonl")
    try FileManager.default.createDirectory(at: fixture.file("rounds"), withIntermediateDirectories: false)
    let files = try fixture.report()
    #expect(files.figures.isEmpty)
    #expect(isWellFormed(try Data(contentsOf: URL(fileURLWithPath: files.report))))
    #expect(try fixture.text("report.html").contains("The run has begun"))
  }

  @Test("a refused round is the first thing said")
  func refused() throws {
    let fixture = try ReportFixture()
    try FileManager.default.moveItem(at: fixture.file("rounds/02-two"), to: fixture.file("rounds/02-two.refused"))
    try fixture.write(#"{"datasets": ["one", "two"], "loss": [[4, 6], [2, 5]]}"#, "transfer.json")
    _ = try written(fixture)
    let page = try fixture.text("report.html")
    #expect(page.contains("was refused by the forgetting gate"))
    #expect(page.contains("the round before stays current"))
    #expect(page.contains("1 of 2 rounds"))
  }

  @Test("many steps make no larger page than some")
  func manySteps() throws {
    let fixture = try ReportFixture()
    let lines = (1...20_000).map { ReportFixture.step(1, "one", $0, loss: "\(Double($0 * 7919 % 1009) / 100)") }
    try fixture.write(lines.joined(), "metrics.jsonl")
    _ = try written(fixture)
    // Four points a pixel's column, at two widths, for five curves: whatever the number of steps.
    #expect(try Data(contentsOf: fixture.file("report.html")).count < 600_000)
  }
}
