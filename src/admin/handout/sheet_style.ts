/**
 * How a user's page looks on a phone, on a screen (light or dark), and on one page of A4 or US
 * Letter. The QR code is black on white everywhere.
 */
export const SHEET_STYLE = `
:root {
  --ink: #1c2430; --soft: #56606e; --line: #d9dee5; --paper: #fff; --ground: #f1f3f6;
  --accent: #1257a8; --note: #fff6e0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e8ee; --soft: #a2acba; --line: #3a4351; --paper: #1b212a; --ground: #11151b;
    --accent: #7db8ff; --note: #332b17;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  background: var(--ground); color: var(--ink); padding: 1.5rem 1rem;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere; counter-reset: step;
}
main {
  max-width: 54rem; margin: 0 auto; padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: .75rem;
}
header { margin-bottom: 1.75rem; }
.issuer { color: var(--accent); font-weight: 600; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .1rem 0 .5rem; }
h2 { font-size: 1.1rem; margin-bottom: .35rem; }
section { margin-top: 1.5rem; }
section:not(.safety) h2::before {
  counter-increment: step; content: counter(step); display: inline-block; width: 1.6em;
  height: 1.6em; margin-right: .5em; border-radius: 50%; line-height: 1.6em; text-align: center;
  font-size: .85em; color: var(--accent); border: 1px solid currentColor;
}
.scan { display: flex; flex-wrap: wrap; gap: 1.25rem 1.75rem; align-items: flex-start; }
.scan > :last-child { flex: 1 1 18rem; min-width: 0; }
.code {
  flex: none; width: min(17rem, 100%); background: #fff; border: 1px solid var(--line);
  border-radius: .5rem; padding: .25rem; forced-color-adjust: none; print-color-adjust: exact;
}
.code svg { display: block; width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .925rem; }
th, td {
  text-align: left; vertical-align: top; padding: .25rem 0; line-height: 1.35;
  border-top: 1px solid var(--line);
}
th { font-weight: 600; padding-right: 1rem; white-space: nowrap; width: 1%; }
td { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.25rem; margin: .5rem 0; }
dt { color: var(--soft); }
dd { font-weight: 600; }
.key, .recovery { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.key span { display: inline-block; margin-right: .35em; }
.recovery {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .25rem 1rem;
  list-style: none; padding: 0; margin-top: .5rem; font-weight: 600;
}
.safety { background: var(--note); border-radius: .5rem; padding: .9rem 1.1rem; }
a { color: var(--accent); }
@media (max-width: 34rem) {
  body { padding: 0; }
  main { padding: 1.25rem; border: 0; border-radius: 0; }
  .code { margin: 0 auto; }
  th { white-space: normal; width: 38%; }
}
@media print {
  @page { margin: 13mm 15mm; }
  body { background: none; padding: 0; font-size: 10pt; line-height: 1.4; }
  main { max-width: none; padding: 0; border: 0; }
  header { margin-bottom: 5mm; }
  h1 { font-size: 19pt; }
  h2 { font-size: 12pt; }
  section { margin-top: 5mm; break-inside: avoid; }
  .scan { flex-wrap: nowrap; }
  .code { width: 62mm; }
  table { font-size: 9.5pt; }
  .recovery { grid-template-columns: repeat(5, 1fr); }
  .safety { border: 1px solid var(--line); padding: 3mm 4mm; }
  .screen { display: none; }
  .long { font-size: 8.5pt; line-height: 1.3; }
  .longest { font-size: 7pt; line-height: 1.2; }
  :is(.long, .longest) h1 { font-size: 14pt; }
  :is(.long, .longest) h2 { font-size: 10pt; }
  :is(.long, .longest) :is(header, section) { margin: 0 0 3mm; }
  :is(.long, .longest) .code { width: 68mm; }
  :is(.long, .longest) table { font-size: 8pt; }
}
`;
