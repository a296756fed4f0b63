import type { ArgsDef } from 'citty';
import { type Command, optionsOf } from './command.ts';

/** Columns of a terminal that nobody has made wider. */
const COLUMNS = 80;
/** Where the descriptions of options begin; one with a longer name has its own line above. */
const DESCRIPTION_COLUMN = 28;

/** What a command does, its options and examples, as text of at most 80 columns. */
export function helpOf(command: Command): string {
  const { name, description, positionals, examples } = command;
  const options = Object.entries(optionsOf(command)).flatMap(([key, option]) => linesOfOption(key, option));
  return [
    ...wrap(description, COLUMNS),
    '',
    `Usage: chipsmith ${name} [options]${positionals === undefined ? '' : ` ${positionals}`}`,
    '',
    'Options',
    '',
    ...options,
    '',
    'Examples',
    '',
    ...examples.flatMap(([line, meaning]) => [
      ...wrap(`${meaning}:`, COLUMNS - 2).map((part) => `  ${part}`),
      ...wrapCommand(`pnpm chipsmith ${line}`).map((part) => `    ${part}`),
    ]),
  ].join('\n');
}

function linesOfOption(key: string, option: ArgsDef[string]): string[] {
  const alias = 'alias' in option && option.alias !== undefined ? `-${option.alias}, ` : '';
  const value = option.type === 'boolean' ? '' : ` <${option.valueHint ?? 'value'}>`;
  const negative = 'negativeDescription' in option ? option.negativeDescription : undefined;
  return [
    ...described(`${alias}--${key}${value}`, option.description ?? ''),
    ...(negative === undefined ? [] : described(`--no-${key}`, negative)),
  ];
}

function described(name: string, description: string): string[] {
  const indent = ' '.repeat(DESCRIPTION_COLUMN);
  const [first = '', ...rest] = wrap(description, COLUMNS - DESCRIPTION_COLUMN);
  const head = `  ${name}`;
  const fits = head.length <= DESCRIPTION_COLUMN - 2;
  const start = fits ? [head.padEnd(DESCRIPTION_COLUMN) + first] : [...wrapName(head), indent + first];
  return [...start, ...rest.map((line) => indent + line)];
}

/** Long lists of words to choose from break before a `|`. */
function wrapName(head: string): string[] {
  if (head.length <= COLUMNS) return [head];
  const at = head.lastIndexOf('|', COLUMNS);
  return [head.slice(0, at), ...wrapName(`      ${head.slice(at)}`)];
}

/** Lines of whole words, of at most `width` characters where words are not longer. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A command line on several lines, as a shell takes it. */
function wrapCommand(line: string): string[] {
  const lines = wrap(line, COLUMNS - 8);
  return lines.map((part, index) => `${index === 0 ? '' : '  '}${part}${index === lines.length - 1 ? '' : ' \\'}`);
}
