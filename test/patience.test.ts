import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATIENCE } from './patience.js';

/** Ways to say how long a test waits, other than PATIENCE. */
const BUDGETS = [/\.timeout\(/, /waitForTimeout\(/, /setDefault\w*Timeout\((?!PATIENCE)/, /\btimeout: \d/];

describe('how long a test waits', () => {
  it('is said in one place: no test has a limit of its own, which a busy machine would pass', () => {
    const files = (readdirSync('test', { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
    const found = files
      .filter((file) => file !== 'patience.test.ts')
      .flatMap((file) => {
        const lines = readFileSync(join('test', file), 'utf8').split('\n');
        return lines.flatMap((line, index) =>
          BUDGETS.some((budget) => budget.test(line)) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
        );
      });
    assert.deepEqual(found, []);
  });

  it('is far below the limit of Mocha, so that what was waited for in vain is named', () => {
    const { timeout } = JSON.parse(readFileSync('.mocharc.json', 'utf8')) as { timeout: number };
    assert.ok(timeout >= 5 * PATIENCE);
  });
});
