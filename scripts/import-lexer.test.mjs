import { describe, expect, it } from 'vitest';
import { importsOf } from './import-lexer.mjs';

/** @param {string} source */
const specifiers = (source) => importsOf(source).map(({ specifier }) => specifier);

describe('importsOf', () => {
  it.each([
    ["import { a } from './a.ts';", './a.ts', false],
    ["import a, { b as c } from './a.ts';", './a.ts', false],
    ["import * as a from './a.ts';", './a.ts', false],
    ["import './a.ts';", './a.ts', false],
    ['import {\n  a,\n  type B,\n} from "./a.ts";', './a.ts', false],
    ["const a = await import('./a.ts');", './a.ts', false],
    ["export * from './a.ts';", './a.ts', false],
    ["export * as a from './a.ts';", './a.ts', false],
    ["export { a } from './a.ts';", './a.ts', false],
    ["import type from './a.ts';", './a.ts', false],
    ["import type { A } from './a.ts';", './a.ts', true],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["import data from './a.json' with { type: 'json' };", './a.json', false],
  ])('reads %s', (source, specifier, typeOnly) => {
    expect(importsOf(source)).toEqual([{ specifier, typeOnly, line: 1 }]);
  });

  it.each([
    ['a line comment', "// import './a.ts';"],
    ['a block comment', "/* import './a.ts'; */"],
    ['a string', `const text = "import './a.ts';";`],
    ['a template literal', `const code = \`import './a.ts';\n\${value}\nexport * from './b.ts';\`;`],
    ['a template in a template', `const code = \`\${list.map((a) => \`\${a} import './a.ts';\`)} import './b.ts';\`;`],
    ['a regular expression', 'const pattern = /[/"]`import \'/; const quote = "\'";'],
    ['import.meta', "const url = import.meta.url; const from = 'a';"],
    ['a property', "loader.import('./a.ts');"],
    ['a local export', "export { a };\nconst from = 'a';"],
    ['an exported declaration', "export const a = from('./a.ts');"],
  ])('takes nothing from %s', (_, source) => {
    expect(specifiers(source)).toEqual([]);
  });

  it('goes on after divisions, templates and regular expressions', () => {
    const source = `const a = b / c / d; const e = \`\${f / g}\` / 2; const h = x.split(/'/);\nimport './a.ts';`;
    expect(importsOf(source)).toEqual([{ specifier: './a.ts', typeOnly: false, line: 2 }]);
  });
});
