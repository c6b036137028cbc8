/**
 * Looks printed, also where the reader's windows are dark: one column, a text face for prose, tables that break across
 * pages, evidence folded on the screen and open on paper.
 */
export const HTML_STYLE = `
:root { color-scheme: only light; --ink: #1a2026; --muted: #55606a; --faint: #6b7680; --line: #d5dade; --rule: #1a2026; --wash: #f6f7f8; --accent: #0b4f9e;
  --critical: #b3241a; --warning: #7d5200; --recovered: #136a41; --sans: -apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
  --serif: Charter, 'Bitstream Charter', 'Iowan Old Style', 'Palatino Linotype', Cambria, 'Liberation Serif', Georgia, serif;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', 'Liberation Mono', Consolas, monospace; }
* { box-sizing: border-box; }
html { background: #e9ebed; }
body { margin: 0 auto; max-width: 880px; padding: 56px 60px 72px; background: #fff; color: var(--ink); font: 16px/1.55 var(--serif);
  box-shadow: 0 0 0 1px #dcdfe2; overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration: none; } a:hover, p a { text-decoration: underline; }
h1, h2, h3, h4, table, .quiet, figcaption, .meta, .times, summary, dl, .unwritten, .contents { font-family: var(--sans); }
h1 { font-size: 30px; line-height: 1.18; letter-spacing: -.012em; margin: 6px 0 12px; font-weight: 650; }
h2 { font-size: 19px; margin: 46px 0 12px; padding-top: 10px; border-top: 2px solid var(--rule); font-weight: 650; letter-spacing: -.005em; }
h2 .number { color: var(--faint); font-weight: 400; margin-right: 10px; font-variant-numeric: tabular-nums; }
h3 { font-size: 15px; margin: 26px 0 8px; font-weight: 650; }
p { margin: 0 0 12px; }
.kicker { font: 600 12px/1.4 var(--sans); letter-spacing: .08em; text-transform: uppercase; color: var(--muted); }
.meta { font-size: 13px; color: var(--muted); margin: 0 0 24px; }
.meta span + span::before { content: '·'; margin: 0 8px; color: var(--line); }
.severity { display: inline-block; border: 1.5px solid currentColor; border-radius: 3px; padding: 0 7px; font: 650 12px/20px var(--sans); letter-spacing: .02em; }
.SEV1, .SEV2, .critical { color: var(--critical); } .SEV3, .warning { color: var(--warning); } .SEV4, .info { color: var(--muted); } .recovered { color: var(--recovered); }
.times { display: grid; grid-template-columns: repeat(3, 1fr); margin: 0 0 10px; padding: 0 1px 1px 0; }
.times > div { padding: 9px 12px 10px; border: 1px solid var(--line); margin: 0 -1px -1px 0; }
.times dt { font-size: 12px; color: var(--muted); margin: 0; } .times dd { margin: 1px 0 0; font-size: 15px; font-weight: 600; font-variant-numeric: tabular-nums; }
.times .local { font-size: 12px; font-weight: 400; color: var(--muted); display: block; } .times .note { font-size: 11.5px; font-weight: 400; color: var(--faint); display: block; line-height: 1.35; margin-top: 2px; }
.times .unset { color: var(--faint); font-weight: 400; }
.prose { white-space: pre-wrap; } .lead { font-size: 17px; }
.contents { font-size: 13px; columns: 2; column-gap: 32px; margin: 22px 0 0; padding: 12px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); list-style: none; }
.contents li { break-inside: avoid; padding: 1px 0; } .contents .number { display: inline-block; width: 22px; color: var(--faint); }
table { border-collapse: collapse; width: 100%; font-size: 13px; line-height: 1.42; font-variant-numeric: tabular-nums; margin: 8px 0 16px; }
thead { display: table-header-group; } th { text-align: left; font-weight: 600; color: var(--muted); font-size: 12px; border-bottom: 1.5px solid var(--rule); padding: 4px 10px 4px 0; white-space: nowrap; }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: 6px 10px 6px 0; } tr { break-inside: avoid; } th:last-child, td:last-child { padding-right: 0; }
td.time, td.reference, td.number { white-space: nowrap; } td.number, th.number { text-align: right; }
tr.day td { font-weight: 600; color: var(--muted); padding-top: 12px; border-bottom-color: var(--rule); } tr.declared td { border-bottom: 1px dashed var(--muted); color: var(--muted); font-style: italic; font-size: 12px; }
td.name { white-space: nowrap; }
.mark { font-weight: 650; font-size: 12px; white-space: nowrap; } .by { color: var(--muted); }
figure { margin: 10px 0 22px; break-inside: avoid; } figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 12.5px; line-height: 1.45; color: var(--muted); margin-top: 3px; } figcaption b { color: var(--ink); font-weight: 600; }
.figures { display: grid; grid-template-columns: 1fr 1fr; column-gap: 16px; } .figures .wide { grid-column: 1 / -1; }
pre { font: 12px/1.5 var(--mono); background: var(--wash); border: 1px solid var(--line); border-radius: 3px; padding: 8px 10px; margin: 4px 0 10px; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; unicode-bidi: isolate; }
code { font: .86em var(--mono); unicode-bidi: isolate; } bdi { unicode-bidi: isolate; }
pre.command { background: #fff; border-left: 3px solid var(--rule); border-radius: 0; }
.cut { font: 12px var(--sans); color: var(--warning); margin: -6px 0 10px; }
dl.pairs { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: 2px 14px; font-size: 12.5px; margin: 4px 0 8px; } dl.pairs dt { color: var(--muted); } dl.pairs dd { margin: 0; font-variant-numeric: tabular-nums; }
details { border-bottom: 1px solid var(--line); padding: 0; } summary { cursor: pointer; padding: 7px 0; font-size: 13px; line-height: 1.4; font-variant-numeric: tabular-nums; display: grid; grid-template-columns: 44px 66px 96px 1fr; gap: 10px; list-style: none; }
summary::-webkit-details-marker { display: none; } summary:hover { background: var(--wash); } summary .reference { color: var(--accent); font-weight: 600; } summary .reference::before { content: '▸ '; font-size: 10px; color: var(--faint); } details[open] summary .reference::before { content: '▾ '; }
summary .muted { color: var(--muted); }
.evidence { padding: 2px 0 12px 54px; scroll-margin-top: 56px; } .evidence:target { background: linear-gradient(90deg, var(--warning) 0 3px, #fffaeb 3px); }
.evidence h3, .remediation h4 { font-size: 12.5px; margin: 10px 0 3px; font-weight: 600; }
.remediation { border: 1px solid var(--line); border-left: 3px solid var(--rule); padding: 4px 18px 12px; margin: 14px 0 20px; } .remediation h3 { margin-top: 10px; }
.compare { display: flex; gap: 28px; font-family: var(--sans); margin: 8px 0 12px; align-items: baseline; } .compare div { font-size: 12px; color: var(--muted); } .compare b { display: block; font-size: 20px; color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.unwritten { border: 1px dashed #aab3bb; border-radius: 3px; padding: 10px 14px 12px; font-size: 13.5px; color: var(--muted); margin: 0 0 14px; min-height: 64px; } .unwritten b { color: var(--ink); font-weight: 600; }
p.outcome { font: 600 14px/1.45 var(--sans); margin: 0 0 8px; }
.quiet, h3.quiet { color: var(--muted); font-size: 13px; }
footer { margin-top: 48px; padding-top: 10px; border-top: 1px solid var(--line); font: 12px/1.5 var(--sans); color: var(--faint); }
@media (max-width: 720px) { body { padding: 28px 20px; } .times { grid-template-columns: 1fr 1fr; } .figures { grid-template-columns: 1fr; } .contents { columns: 1; } summary { grid-template-columns: 44px 66px 1fr; } summary .title { grid-column: 1 / -1; } .evidence { padding-left: 0; } }
@page { size: A4; margin: 18mm 16mm 20mm; }
@media print { html { background: none; } body { max-width: none; padding: 0; box-shadow: none; font-size: 10.5pt; } h2 { break-after: avoid; } h3, h4 { break-after: avoid; } a { color: inherit; }
  .remediation { break-inside: avoid; } summary, dl.pairs { break-inside: avoid; } summary, dl.pairs:has(+ figure) { break-after: avoid; }
  pre { orphans: 4; widows: 4; box-decoration-break: clone; -webkit-box-decoration-break: clone; } .contents { display: none; } summary .reference::before { content: '' !important; } details::details-content { content-visibility: visible; display: block; height: auto; } .unwritten { min-height: 96px; } }
`;
