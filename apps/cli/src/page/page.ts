import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zip } from '../zip.ts';
import { type PageScript, pageScript } from './bundle.ts';
import { escapeHtml } from './html.ts';

export interface PageContent {
  readonly title: string;
  /** HTML of what is between the toolbar and the keys. */
  readonly body: string;
  /** Names the sheet in the browser's storage; absent on pages that remember nothing. */
  readonly sheet?: string;
  /** HTML of the keys that work, at the foot of the page. */
  readonly keys: string;
  /** What the script reads: for each card a .vgm file of its name, and whatever is to be packed for download. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** `main` by default; with `watch` the page may ask the server that it came from. */
  readonly script?: PageScript;
  /** Style beside that of all pages. */
  readonly style?: string;
}

/**
 * A page that needs nothing from elsewhere and works from disk without a network: style, script, the sound chip and the
 * files that it plays are in it. Its policy lets no script run but its own and nothing load but tracks' sound beside
 * it.
 */
export function htmlPage(content: PageContent): string {
  const { title, body, sheet, keys, files, script: name = 'main', style: ownStyle = '' } = content;
  const script = pageScript(name);
  const policy = [
    `default-src 'none'`,
    `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    'worker-src blob:',
    `style-src 'unsafe-inline'`,
    `media-src 'self' file:`,
    ...(name === 'watch' ? [`connect-src 'self'`] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  const style = readFileSync(new URL('../../src/page/page.css', import.meta.url), 'utf8');
  const archive = Buffer.from(zip(files)).toString('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}${ownStyle}</style>
</head>
<body${sheet === undefined ? '' : ` data-sheet="${sheet}"`}>
${body}
<footer>${keys}</footer>
<p id="explanation" role="tooltip" hidden></p>
<script type="text/plain" id="files">${archive}</script>
<script>${script}</script>
</body>
</html>
`;
}
