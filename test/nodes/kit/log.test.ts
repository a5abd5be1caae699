import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'node-red';
import { asError } from '../../../nodes/kit/handle.js';
import { log } from '../../../nodes/kit/log.js';
import { show } from '../../../nodes/kit/status.js';

const HOSTILE = 'a\n[error] forged \u001b[31m\u202e';
const SHOWN = 'a\\n[error] forged \\u001b[31m\\u202e';

describe('a line of a node', () => {
  const written: unknown[] = [];
  const node = Object.fromEntries(
    ['log', 'warn', 'error', 'status', 'on'].map((name) => [name, (...args: unknown[]) => written.push([name, ...args])]),
  ) as unknown as Node;
  beforeEach(() => written.splice(0));

  it('in the log contains nothing that acts', () => {
    log(node, 'info', HOSTILE);
    log(node, 'warn', HOSTILE);
    log(node, 'error', HOSTILE, { topic: 'x' });
    assert.deepEqual(written, [
      ['log', SHOWN],
      ['warn', SHOWN],
      ['error', SHOWN, { topic: 'x' }],
    ]);
  });

  it('in its status contains nothing that acts', () => {
    show(node, 'error', HOSTILE);
    assert.deepEqual(written, [['status', { fill: 'red', shape: 'ring', text: SHOWN }]]);
  });

  it('for catch nodes contains nothing that acts, and keeps its code and cause', () => {
    const cause = new Error('cause');
    const error = asError(Object.assign(new TypeError(HOSTILE, { cause }), { code: 'X' })) as NodeJS.ErrnoException;
    assert.deepEqual([error.name, error.message, error.code, error.cause], ['TypeError', SHOWN, 'X', cause]);
    assert.equal(asError({ message: HOSTILE }).message, SHOWN);
    const clean = new Error('clean');
    assert.equal(asError(clean), clean);
  });

  it('is written in one place, as is a line of a command', () => {
    const PLACES: [folder: string, writes: RegExp, places: string[]][] = [
      ['nodes', /\b(?:node|this)\.(?:log|warn|error|status)\(/, ['nodes/kit/log.ts', 'nodes/kit/status.ts']],
      ['', /\bconsole\.|process\.std(?:out|err)\b/, ['src/cli/output.ts']],
      ['', /\bRED\.log\b/, ['nodes/kit/log.ts', 'src/cli/run.ts']],
    ];
    const found = ['nodes', 'src']
      .flatMap((top) => (readdirSync(top, { recursive: true }) as string[]).map((file) => join(top, file)))
      .filter((file) => /\.ts$/.test(file) && !/\.editor\.ts$|^nodes\/kit\/editor\//.test(file))
      .flatMap((file) => PLACES.map(([folder, writes, places]) => ({ file, folder, writes, places })))
      .filter(
        ({ file, folder, writes, places }) =>
          file.startsWith(folder) && !places.includes(file) && writes.test(readFileSync(file, 'utf8')),
      );
    assert.deepEqual(found, []);
  });
});
