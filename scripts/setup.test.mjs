import { describe, expect, it } from 'vitest';
import { satisfies } from './check-node.mjs';
import { explainFailure } from './dependencies.mjs';
import { temporaryFolder } from './temporary-folder.mjs';
import { workspacePackages } from './workspace.mjs';

describe('satisfies', () => {
  it.each([
    ['v18.20.4', false],
    ['v20.18.3', false],
    ['v20.19.0', true],
    ['v20.20.2', true],
    ['v21.7.3', false],
    ['v22.11.0', false],
    ['v22.12.0', true],
    ['v23.0.0', true],
    ['v24.1.0', true],
  ])('%s: %s', (version, expected) => {
    expect(satisfies(version, '^20.19.0 || >=22.12.0')).toBe(expected);
  });
});

describe('explainFailure', () => {
  it.each([
    ['npm error code ENOSPC\nnpm error nospc write', /disk is full/],
    ['ERROR No space left on device (os error 28)', /disk is full/],
    ['request to https://registry failed, reason: getaddrinfo EAI_AGAIN registry', /registry cannot be reached/],
    [
      "npm error EACCES: permission denied, mkdir '/usr/lib/x'\nnpm error more",
      /cannot be written \(npm error EACCES.*x'\)/,
    ],
    ['something\nunheard of\n', /^unheard of$/],
  ])('%j', (output, expected) => {
    expect(explainFailure(output)).toMatch(expected);
  });
});

describe('workspacePackages', () => {
  it('reads folders and patterns of pnpm-workspace.yaml', () => {
    const folder = temporaryFolder({
      'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - tools\n\ncatalog:\n  - not/this\n',
      'packages/b/package.json': { name: 'b' },
      'packages/a/package.json': { name: 'a' },
      'packages/empty/README.md': '',
      'tools/package.json': { name: 'tools' },
    });
    expect(workspacePackages(folder).map(({ name }) => name)).toEqual(['a', 'b', 'tools']);
  });
});
