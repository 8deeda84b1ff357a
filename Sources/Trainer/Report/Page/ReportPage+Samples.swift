extension ReportPage {
  /// Most samples of a dataset that the page shows.
  static let samplesShown = 4
  /// Most characters of a text that the page shows; samples.jsonl has the whole text.
  static let charactersShown = 700

  /// Answers of M0 and of the last model to the same prompts, side by side.
  var samplesSection: Section? {
    let after = records.keptRounds.last { !$0.samples.isEmpty }
    let base = records.base?.samples ?? []
    guard let shown = after?.samples ?? (base.isEmpty ? nil : base) else { return nil }
    var datasets: [String] = []
    for sample in shown where !datasets.contains(sample.dataset) { datasets.append(sample.dataset) }
    let order = records.datasets
    datasets.sort { (order.firstIndex(of: $0) ?? order.count, $0) < (order.firstIndex(of: $1) ?? order.count, $1) }
    var content: [Markup] = []
    for name in datasets {
      let all = shown.filter { $0.dataset == name }
      let count = all.count > Self.samplesShown ? "\(Self.samplesShown) of \(all.count)" : ""
      content.append("<h3>\(name) <span class=\"quiet\">\(count)</span></h3>")
      content += all.prefix(Self.samplesShown).map { sample in
        let before = base.first {
          $0.dataset == name && $0.prompt == sample.prompt && $0.reference == sample.reference
        }
        return block(sample, before: before?.completion, after: after.map { ("M\($0.round)", sample.completion) })
      }
    }
    return Section(id: "samples", title: "Samples before and after", content: content)
  }

  private func block(_ sample: SamplesFile.Line, before: String?, after: (model: String, text: String)?) -> Markup {
    var answers: [Markup] = []
    if let before = before ?? (after == nil ? sample.completion : nil) { answers.append(answer("M0", before)) }
    if let after { answers.append(answer(after.model, after.text)) }
    if let reference = sample.reference { answers.append(answer("Reference", reference)) }
    return """
      <article class="sample"><h4>Prompt</h4><p dir="auto">\(Self.cut(sample.prompt))</p>
      <div class="answers">\(Markup(answers))</div></article>
      """
  }

  private func answer(_ title: String, _ text: String) -> Markup {
    let shown: Markup = text.isEmpty ? "<span class=\"quiet\">(nothing)</span>" : "\(Self.cut(text))"
    return "<div><h4>\(title)</h4><p dir=\"auto\">\(shown)</p></div>"
  }

  private static func cut(_ text: String) -> String {
    let start = text.prefix(charactersShown)
    return start.endIndex < text.endIndex ? start + "…" : text
  }
}
