import { type Arguments, COMMON_OPTIONS, type Command, type OptionDefinition, type Options } from './command.ts';

/** Columns of a terminal that nobody has made wider. */
const COLUMNS = 80;
/** Where the descriptions of options begin; one with a longer name has its own line above. */
const DESCRIPTION_COLUMN = 28;

/**
 * What a command does, its options and examples, as text of at most 80 columns.
 *
 * @param args what was typed beside --help
 */
export function helpOf(command: Command, args: Arguments): string {
  const { name, description, positionals, examples } = command;
  const [[heading, options], ...others] = command.helpSections?.(args) ?? [['Options', command.options]];
  const sections = [[heading, { ...options, ...COMMON_OPTIONS }] as const, ...others];
  return [
    ...wrap(description, COLUMNS),
    '',
    `Usage: chipsmith ${name} [options]${positionals === undefined ? '' : ` ${positionals}`}`,
    '',
    ...sections.flatMap(([title, those]) => [...wrap(title, COLUMNS), '', ...optionLines(those), '']),
    'Examples',
    '',
    ...examples.flatMap(([line, meaning]) => [
      ...wrap(`${meaning}:`, COLUMNS - 2).map((part) => `  ${part}`),
      ...wrapCommand(`pnpm chipsmith ${line}`).map((part) => `    ${part}`),
    ]),
  ].join('\n');
}

/** Options with their values and descriptions, as lines of at most 80 columns. */
export function optionLines(options: Options): string[] {
  return Object.entries(options).flatMap(([key, option]) => linesOfOption(key, option));
}

function linesOfOption(key: string, option: OptionDefinition): string[] {
  const alias = option.alias === undefined ? '' : `-${option.alias}, `;
  const value = option.type === 'boolean' ? '' : ` <${option.valueHint ?? 'value'}>`;
  const { description, negativeDescription: negative } = option;
  return [
    ...described(`${alias}--${key}${value}`, description),
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
