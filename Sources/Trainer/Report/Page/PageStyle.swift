/// Style of the page: for reading, light and dark, narrow and wide.
enum PageStyle {
  static let css = """
    :root {
      color-scheme: light dark;
      --ground: #ffffff; --raised: #f6f8fa; --text: #1f2328; --quiet: #59636e; --line: #d0d7de;
      --better: 47, 111, 219; --worse: 217, 98, 43;
    }
    @media (prefers-color-scheme: dark) {
      :root { --ground: #0d1117; --raised: #161b22; --text: #e6edf3; --quiet: #9ea7b3; --line: #3d444d; }
    }
    * { box-sizing: border-box }
    body {
      margin: 0 auto; padding: 28px 20px 64px; max-width: 1080px; background: var(--ground); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", "Noto Sans", sans-serif;
      font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
    }
    h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere }
    h2 { font-size: 18px; margin: 44px 0 4px; padding-top: 12px; border-top: 1px solid var(--line) }
    h3 { font-size: 15px; margin: 22px 0 4px }
    p { margin: 4px 0 12px; max-width: 84ch }
    header p { max-width: none }
    .quiet, figcaption, dt, th { color: var(--quiet) }
    .quiet, figcaption { font-size: 13px }
    nav { font-size: 13px; margin: 12px 0 0 } nav a { margin-right: 14px; white-space: nowrap }
    a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--line) }
    a:hover, a:focus-visible { text-decoration-color: currentColor }
    .notice { border-left: 4px solid rgb(var(--worse)); background: var(--raised); padding: 8px 14px; margin: 14px 0; max-width: none }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 20px 0 }
    .cards > div { background: var(--raised); border-radius: 8px; padding: 12px 14px }
    .cards dt { font-size: 13px } .cards dd { margin: 0 }
    .cards .number { font-size: 26px; line-height: 1.3; font-weight: 600; white-space: nowrap }
    .cards .quiet { line-height: 1.35 }
    figure { margin: 14px 0 0 } figure svg { display: block; width: 100%; height: auto }
    figcaption { margin-bottom: 4px } figcaption b { color: var(--text); font-size: 14px; margin-right: 8px }
    .narrow { display: none !important }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 32px } .pair > * { min-width: 0 }
    .scroll { overflow-x: auto; margin: 8px 0; max-width: 100% }
    table { border-collapse: separate; border-spacing: 0; font-size: 14px } .caption { margin: 20px 0 0 }
    th, td { padding: 5px 12px; text-align: right; white-space: nowrap; vertical-align: baseline }
    th { font-weight: 500; font-size: 13px } thead th { border-bottom: 1px solid var(--line) }
    tbody th { color: var(--text); font-size: 14px }
    th:first-child, .text, th.text { text-align: left }
    th:first-child { position: sticky; left: 0; background: var(--ground) }
    .list tbody tr + tr > * { border-top: 1px solid var(--line) } .list > * > tr > :first-child { padding-left: 0 }
    .long { display: inline-block; min-width: 220px; white-space: normal; font-size: 13px }
    .matrix { border-spacing: 3px }
    .matrix thead th { border: 0; text-align: center; vertical-align: bottom }
    .matrix tbody th { vertical-align: middle; padding-left: 0 } .matrix thead td { box-shadow: none; min-width: 0 }
    .maps { display: flex; flex-wrap: wrap; gap: 0 44px } .maps > figure { min-width: 0; max-width: 100% }
    .maps > figure:first-child { width: 100% } .maps > figure + figure figcaption { max-width: 300px }
    .matrix td {
      min-width: 92px; padding: 5px 8px; text-align: center; line-height: 1.3; border-radius: 4px;
      box-shadow: inset 0 0 0 1px var(--line);
    }
    .matrix td.own { box-shadow: inset 0 0 0 2px var(--text) }
    .matrix b { font-weight: 600 } .matrix small { display: block; font-size: 12px }
    .matrix .better { background: rgba(var(--better), calc(var(--strength) * 0.55)) }
    .matrix .worse { background: rgba(var(--worse), calc(var(--strength) * 0.55)) }
    .sample { border: 1px solid var(--line); border-radius: 8px; margin: 10px 0; padding: 10px 14px }
    .sample .answers { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 4px 20px }
    .sample .answers > * { min-width: 0 }
    .sample h4 { font-size: 13px; font-weight: 500; color: var(--quiet); margin: 6px 0 0 }
    .sample p { margin: 0; max-width: none; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px }
    code, pre { font: 13px/1.45 ui-monospace, SFMono-Regular, "DejaVu Sans Mono", Consolas, monospace }
    pre { background: var(--raised); border-radius: 8px; padding: 12px 14px; overflow-x: auto; margin: 8px 0 }
    details { margin: 10px 0 } summary { cursor: pointer; font-size: 14px }
    footer { margin-top: 48px; border-top: 1px solid var(--line); padding-top: 10px }
    @media (max-width: 720px) {
      body { padding: 18px 14px 48px }
      .wide { display: none !important } .narrow { display: block !important }
      .pair { grid-template-columns: 1fr }
      .sample .answers { grid-template-columns: 1fr }
      .cards { grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 8px } .cards .number { font-size: 22px }
      th, td { padding: 5px 8px } .matrix td { min-width: 78px } .matrix thead td { min-width: 0 }
    }
    @media print { nav { display: none } body { max-width: none } h2, figure, .sample { break-inside: avoid } }

    """
}
