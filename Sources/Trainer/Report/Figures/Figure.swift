/// Drawing of the report at one width: title, description in words, and elements.
package struct Figure: Sendable {
  /// Name of the file without its extension, and prefix of the ids in it: letters, digits and hyphens.
  package let name: String
  package let title: String
  /// Description in words, for readers who do not see the figure.
  package let description: String
  package let width: Double
  package let height: Double
  package let elements: Markup

  /// Figure as a part of the page, whose style holds ``FigureStyle``.
  ///
  /// - Parameter suffix: suffix of the ids, which differ where a figure is in the page at two widths.
  func inline(suffix: String = "", class kind: String = "") -> Markup {
    """
    <svg class="figure \(kind)" viewBox="0 0 \(width) \(height)" role="img" \
    aria-labelledby="\(name)\(suffix)-title \(name)\(suffix)-desc">
    <title id="\(name)\(suffix)-title">\(title)</title><desc id="\(name)\(suffix)-desc">\(description)</desc>
    \(elements)
    </svg>
    """
  }

  /// Figure as a file of its own, with title, background and style.
  package var file: String {
    let (margin, header) = (16.0, 40.0)
    let (fullWidth, fullHeight) = (width + 2 * margin, height + header + margin)
    let markup: Markup = """
      <svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 \(fullWidth) \(fullHeight)" \
      width="\(fullWidth)" height="\(fullHeight)" role="img" aria-labelledby="title desc">
      <title id="title">\(title)</title><desc id="desc">\(description)</desc>
      <style>
      \(Markup(stringLiteral: FigureStyle.css))</style>
      <rect x="0.5" y="0.5" width="\(fullWidth - 1)" height="\(fullHeight - 1)" rx="8" class="ground"/>
      <text x="\(margin)" y="26" class="heading">\(title)</text>
      <g transform="translate(\(margin) \(header))">
      \(elements)
      </g>
      </svg>

      """
    return markup.text
  }
}
