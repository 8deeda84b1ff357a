extension ReportPage {
  /// Notices above all numbers: the run is under way, or a round was refused.
  var notices: [Markup] {
    var notices: [Markup] = []
    for round in records.rounds where round.isRefused {
      let isRepeated = records.keptRounds.contains { $0.round == round.round }
      let now = isRepeated ? "a later attempt was kept" : "the round before stays current"
      notices.append(
        """
        <p class="notice"><b>Round \(round.round), \(round.name), was refused by the forgetting gate.</b>
        Its model was kept aside in <code>rounds/\(round.folder)</code>; \(now).</p>
        """)
    }
    let (ended, planned) = (records.keptRounds.count, records.datasets.count)
    if records.transfer == nil && records.steps.count == 0 {
      notices.append("<p class=\"notice\">The run has begun; no step and no evaluation has been written yet.</p>")
    } else if ended < planned && !records.rounds.contains(where: \.isRefused) {
      notices.append(
        "<p class=\"notice\">\(ended) of \(planned) rounds have ended: the report shows what is there so far.</p>")
    }
    return notices
  }

  /// Figures of the whole run, then the gain of each round.
  var headline: Markup {
    guard let transfer = records.transfer else { return "" }
    var cards: [Markup] = []
    let base = ScoreTable.mean(transfer.loss.rows.first ?? [])
    if let mean = transfer.loss.figures.finalMean ?? ScoreTable.mean(transfer.loss.rows.last ?? []) {
      let note = transfer.rounds > 0 ? base.map { "M0: \(Numeral.fixed($0)); nats a token" } : nil
      cards.append(card("Final mean loss", Numeral.fixed(mean), note ?? "nats a token, of the base"))
    }
    if let figure = transfer.loss.figures.backwardTransfer {
      cards.append(
        card("Backward transfer", Numeral.signed(figure), "what later rounds gave earlier datasets; below 0: took"))
    }
    if let figure = transfer.loss.figures.forgetting {
      cards.append(
        card("Forgetting", Numeral.signed(figure), "mean distance behind each dataset's best; 0 or less: none"))
    }
    if let figure = transfer.loss.figures.forwardTransfer {
      cards.append(
        card("Forward transfer", Numeral.signed(figure), "what earlier rounds gave datasets before their own"))
    }
    if let drift = transfer.drift {
      cards.append(card("Drift", Numeral.signed(drift), "change of the loss on the general text; above 0: worse"))
    }
    for measure in transfer.metrics {
      let digits = Numeral.digits(for: measure.rows.flatMap { $0 }.compactMap { $0.map(abs) }.max() ?? 0)
      guard let last = measure.figures.finalMean ?? ScoreTable.mean(measure.rows.last ?? []) else { continue }
      let start = ScoreTable.mean(measure.rows.first ?? []).map { "M0: \(Numeral.fixed($0, digits))" } ?? ""
      cards.append(card("\(MeasureName.words(measure.name)), mean", Numeral.fixed(last, digits), start))
    }
    let list: Markup = "<dl class=\"cards\">\n\(Markup(cards))\n</dl>"
    return list + (lessons(transfer) ?? "")
  }

  private func card(_ name: String, _ number: String, _ note: String) -> Markup {
    """
    <div><dt>\(name)</dt><dd class="number">\(number)</dd><dd class="quiet">\(note)</dd></div>
    """
  }

  /// Gain of each round on its own dataset, and its loss since.
  private func lessons(_ transfer: TransferFile) -> Markup? {
    let courses = transfer.courses
    guard courses.contains(where: { $0.after != nil }) else { return nil }
    let rows = courses.map { course -> [Markup] in
      let taught = transfer.loss.gain(of: course.after, over: course.before)
      return [
        "\(course.round) \(course.name)", "\(Numeral.fixed(course.base))", "\(Numeral.fixed(course.before))",
        "<b>\(Numeral.fixed(course.after))</b>", "<b>\(Numeral.signed(taught))</b>", "\(Numeral.fixed(course.last))",
        "\(Numeral.signed(course.sinceOwnRound))", "\(Numeral.signed(course.forgetting))",
      ]
    }
    return table(
      "What each round taught: held-out loss of the round's own dataset, in nats a token; gains are positive",
      head: ["round", "M0", "before", "after", "gain", "now", "since its round", "behind its best"], rows: rows)
  }
}
