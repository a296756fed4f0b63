// Takes the README's picture of a page: pnpm --filter cli picture <index.html> <file.png>
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [page, picture] = process.argv.slice(2);
if (page === undefined || picture === undefined) throw new Error('name a page and a .png file to write');
const opened = await chromium.launch({ executablePath: process.env.CHIPSMITH_BROWSER ?? '/usr/bin/chromium' });
const shown = await opened.newPage({ viewport: { width: 1300, height: 1250 }, colorScheme: 'light' });
await shown.goto(pathToFileURL(resolve(page)).href);
// As somebody listens: the first track has its star, the second is at its fifth second.
for (const key of ['f', 'j', 'ArrowRight']) await shown.keyboard.press(key);
await shown.screenshot({ path: picture });
await opened.close();
