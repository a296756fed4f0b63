import { drawCharts } from './charts.ts';
import type { Report } from './results.ts';
import { allSections, conditions } from './sections.ts';
import type { Table } from './table.ts';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
table { border-collapse: collapse; font-size: 13px; margin-top: 2rem; display: block; overflow-x: auto; }
th, td { padding: 3px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; }
th { border-bottom: 2px solid #888; font-weight: 600; }
code { background: #f3f3f3; padding: 2px 6px; }
ul { padding-left: 1.2rem; } .notes { font-size: 13px; color: #555; }
svg { max-width: 100%; height: auto; }`;

/** A report as one page with charts, which loads nothing. */
export async function htmlReport(report: Report): Promise<string> {
  const charts = await drawCharts(report);
  const body = [
    '<h1>chipsmith benchmarks</h1>',
    `<p><code>${escaped(report.command)}</code></p>`,
    list(conditions(report), ''),
    ...charts.map(({ title, svg }) => `<h2>${escaped(title)}</h2>\n${svg}`),
    '<h2>Figures</h2>',
    ...allSections(report).map(({ table, notes }) => htmlTable(table) + (notes.length > 0 ? list(notes, 'notes') : '')),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>chipsmith benchmarks</title>
<style>${STYLE}
</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`;
}

function htmlTable({ head, rows }: Table): string {
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>\n${[row(head, 'th'), ...rows.map((cells) => row(cells, 'td'))].join('\n')}\n</table>`;
}

function list(lines: readonly string[], className: string): string {
  return `<ul class="${className}">\n${lines.map((line) => `<li>${escaped(line)}</li>`).join('\n')}\n</ul>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
