import { KernelError } from '@chipsmith/kernels';
import { ModelError } from '@chipsmith/models';
import { HELP, parseArguments, UsageError, userFolder } from './arguments.ts';
import { BenchmarkError } from './benchmark.ts';
import { compareReports, comparisonTable, differingConditions } from './report/compare.ts';
import { htmlReport } from './report/html.ts';
import { markdownReport } from './report/markdown.ts';
import { ReportError, readReport, writeReport, writeText } from './report/results.ts';
import { shortSections } from './report/sections.ts';
import { resultLine, terminalTable } from './report/table.ts';
import { runBenchmarks } from './run.ts';

/** Tables go to standard output; what happens meanwhile to standard error. */
async function main(argv: readonly string[]): Promise<void> {
  const options = parseArguments(argv, userFolder());
  if (options === undefined) {
    console.log(HELP.trimEnd());
    return;
  }
  // Read first: a wrong file should not cost a run.
  const before = options.compare === undefined ? undefined : readReport(options.compare);
  const command = ['pnpm bench', ...argv].join(' ');
  const report = await runBenchmarks(options, command, {
    note: (line) => console.error(line),
    result: (result) => console.error(`  ${resultLine(result)}`),
  });

  for (const { table, notes } of shortSections(report)) {
    console.log(['', terminalTable(table), ...notes.map((note) => `- ${note}`)].join('\n'));
  }
  if (before !== undefined) {
    const { rows, onlyBefore, onlyNow } = compareReports(before, report);
    console.log(`\n${terminalTable(comparisonTable(rows))}`);
    for (const difference of differingConditions(before, report)) console.log(`Not the same ${difference}.`);
    if (onlyBefore.length > 0) console.log(`Not measured now: ${onlyBefore.length} rows of the older file.`);
    if (onlyNow.length > 0) console.log(`Not in the older file: ${onlyNow.join('; ')}`);
  }
  await writeReport(options.json, report);
  console.log(`\nWrote ${options.json}`);
  if (options.markdown !== undefined) {
    await writeText(options.markdown, markdownReport(report));
    console.log(`Wrote ${options.markdown}`);
  }
  if (options.html !== undefined) {
    await writeText(options.html, await htmlReport(report));
    console.log(`Wrote ${options.html}`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What is wrong with the input or the machine is one line; anything else is our fault, and needs its stack.
  const foreseen = [UsageError, BenchmarkError, ReportError, KernelError, ModelError].some(
    (type) => error instanceof type,
  );
  console.error(`bench: ${foreseen ? (error as Error).message : error instanceof Error ? error.stack : error}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
