import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { htmlPage } from './page.ts';
import { KEYS, mixer } from './toolbar.ts';

let page: string | undefined;

/** The page that follows runs. It holds nothing of them yet: its script asks the server that it came from. */
export function watchPage(): string {
  page ??= htmlPage({
    title: 'Training runs',
    script: 'watch',
    style: readFileSync(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css')), 'utf8'),
    keys: KEYS,
    files: {},
    body: `<header>
<h1>Training runs</h1>
<p id="notice" role="status"></p>
</header>
<nav aria-label="Controls">
${mixer()}
</nav>
<main></main>`,
  });
  return page;
}
