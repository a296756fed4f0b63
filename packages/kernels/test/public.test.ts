import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = (path: string) => readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8');

/** The names that an entry exports, each with the file that declares it. */
function exportsOf(entry: string): { name: string; file: string }[] {
  return [...source(entry).matchAll(/export (?:type )?\{([^}]*)\} from '\.\/(.*)'/g)].flatMap(([, list, file]) =>
    [...list.matchAll(/(\w+)\s*(?:,|$)/g)].map(([, name]) => ({ name, file })),
  );
}

/** Whether a docstring ends on the line above the declaration. */
function isDocumented(name: string, file: string): boolean {
  const declaration = new RegExp(`\\*/\\nexport (?:async )?(?:const|function|class|interface|type) ${name}\\b`);
  return declaration.test(source(file));
}

describe('the public face', () => {
  it.each(['index.ts', 'operation.ts'])('says of everything in src/%s what it is', (entry) => {
    const names = exportsOf(entry);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter(({ name, file }) => !isDocumented(name, file))).toEqual([]);
  });

  it('has each name in one entry only', () => {
    const names = ['index.ts', 'operation.ts'].flatMap(exportsOf).map(({ name }) => name);
    expect(names).toHaveLength(new Set(names).size);
  });
});
