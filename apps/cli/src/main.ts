import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cli.ts';
import { watchOutput } from './terminal/output.ts';

watchOutput();
standWhereTheUserStands();
process.exitCode ||= await run(process.argv.slice(2));

/**
 * pnpm runs scripts in the folder of their package.json and says in INIT_CWD where the user stands: paths mean that
 * place.
 */
function standWhereTheUserStands(): void {
  const packageFolders = ['..', '../../..'].map((up) => resolve(dirname(fileURLToPath(import.meta.url)), up));
  const { INIT_CWD: place = '' } = process.env;
  if (existsSync(place) && packageFolders.includes(process.cwd())) process.chdir(place);
}
