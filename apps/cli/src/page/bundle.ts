import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Where the scripts of the pages are, also for the compiled program, which has them only in its source. */
const SCRIPTS = fileURLToPath(new URL('../../src/page/browser/', import.meta.url));

/** What a page does: `main` for those that are written to a file, `watch` for the one that follows runs. */
export type PageScript = 'main' | 'watch';

const scripts = new Map<PageScript, string>();

/**
 * A script of the pages with all it uses, the sound chip too, as one text. It takes a tenth of a second the first time.
 */
export function pageScript(name: PageScript): string {
  const known = scripts.get(name);
  if (known !== undefined) return known;
  const script = bundle(`${name}.ts`, { CHIP_WORKER: JSON.stringify(bundle('chip-worker.ts', {})) });
  scripts.set(name, script);
  return script;
}

/** @param constants JavaScript expressions that stand for names in the script */
function bundle(entry: string, constants: Readonly<Record<string, string>>): string {
  const { outputFiles } = buildSync({
    entryPoints: [`${SCRIPTS}${entry}`],
    absWorkingDir: SCRIPTS,
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    conditions: ['@chipsmith/source'],
    define: { ...constants },
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}
