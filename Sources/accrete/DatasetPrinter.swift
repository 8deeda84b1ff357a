import Trainer

/// Formats a dataset's rows: supervised tokens are coloured and underlined on a terminal, in brackets elsewhere.
struct DatasetPrinter {
  /// Characters in a line of tokens.
  private static let width = 110
  private static let indent = "    "

  let isTerminal: Bool

  /// The key to the marks on tokens, in one line.
  var legend: StyledLine {
    let mark: [StyledLine.Part] =
      isTerminal
      ? [.init(text: "that are "), .init(text: "coloured and underlined", isMarked: true)]
      : [.init(text: "in [square brackets]")]
    return StyledLine(
      [.init(text: "tokens are written id:piece; those ")] + mark
        + [.init(text: " are supervised: the model learns to write them")])
  }

  func lines(of inspection: DatasetInspection, round: ResolvedRound) -> [StyledLine] {
    let share = Double(inspection.supervisedTokens) / Double(max(inspection.tokens, 1))
    let percent = (share * 1000).rounded() / 10
    let lengths = inspection.lengths
    let about = inspection.estimated ? "about " : ""
    var lines = [
      "",
      "\(inspection.name): \(inspection.rows) rows, \(about)\(inspection.cut) cut, "
        + (inspection.split > 0 ? "\(inspection.split) split, " : "") + "\(inspection.dropped) dropped"
        + (inspection.tooLong > 0 ? ", \(inspection.tooLong) left out as too long; " : "; ")
        + "\(about)\(inspection.tokens) tokens, \(inspection.supervisedTokens) supervised (\(percent) %)",
      "  tokens a row: least \(lengths.min), median \(lengths.median), 90 % up to \(lengths.p90), most \(lengths.max); "
        + "\(lengths.longer) longer than sequence_length \(round.settings.sequenceLength)",
    ]
    if inspection.estimated {
      lines.append(
        "  large files: counts but that of rows are estimated from 1,000 rows; leaks are looked for by train")
    }
    let reverse = round.settings.objective.reverse
    if reverse > 0 {
      lines.append(
        "  objective.reverse is \(reverse): training reads that share of the rows backwards; all are shown forwards")
    }
    return lines.map { StyledLine($0) } + inspection.samples.flatMap(self.lines)
  }

  private func lines(of row: InspectedRow) -> [StyledLine] {
    var lines = [
      "  \(row.place)  \(row.shape), \(row.ids.count) tokens, \(row.supervisedCount) supervised; BOS \(row.bos), "
        + "EOS \(row.eos)"
    ]
    if row.weight != 1 { lines[0] += "; weight \(row.weight)" }
    if row.bos > 1 {
      lines.append(
        Self.indent + "warning: the row begins with \(row.bos) BOS tokens, models know one: remove what adds the others"
      )
    }
    if row.fate == .drop, row.beyond > 0 {
      lines.append(Self.indent + "dropped: it is longer than sequence_length, and long_rows is drop")
    } else if row.supervisedCount == 0, row.fate == .cut || row.beyond == 0 {
      lines.append(Self.indent + "dropped: no supervised token is within the sequence")
    }
    if !row.text.isEmpty {
      lines += row.text.split(separator: "\n", omittingEmptySubsequences: false).map {
        Self.indent + "| " + $0
      }
    }
    let tokens = tokenLines(of: row)
    var rest: [String] = []
    if let kept = row.cutAt {
      rest.append(
        Self.indent + "cut after \(kept) tokens: \(row.beyond) are left out, \(row.supervisedBeyond) of them supervised"
      )
    } else if row.beyond > 0, row.fate == .split {
      rest.append(Self.indent + "goes on in the next samples: \(row.beyond) more tokens")
    }
    return lines.map { StyledLine($0) } + tokens + rest.map { StyledLine($0) }
  }

  private func tokenLines(of row: InspectedRow) -> [StyledLine] {
    var lines: [StyledLine] = []
    var line = StyledLine(Self.indent)
    var width = 0
    for (index, id) in row.ids.enumerated() {
      let isMarked = row.supervised[index]
      let begins = isMarked && (index == 0 || !row.supervised[index - 1])
      let ends = isMarked && (index == row.ids.count - 1 || !row.supervised[index + 1])
      let token = row.pieces.isEmpty ? "\(id)" : "\(id):\(printable(row.pieces[index]))"
      let shown = isTerminal ? token : (begins ? "[" : "") + token + (ends ? "]" : "")
      if width > 0, width + token.count + 2 > Self.width {
        lines.append(line)
        (line, width) = (StyledLine(Self.indent), 0)
      }
      if width > 0 { line.parts.append(.init(text: " ")) }
      line.parts.append(.init(text: shown, isMarked: isMarked && isTerminal))
      width += token.count + 1
    }
    return lines + [line]
  }
}
