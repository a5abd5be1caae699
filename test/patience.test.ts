import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATIENCE } from './patience.js';

/** Patterns that set a wait other than PATIENCE. */
const BUDGETS = [/\.timeout\(/, /waitForTimeout\(/, /setDefault\w*Timeout\((?!PATIENCE)/, /\btimeout: \d/];

describe('the time-out of waits in tests', () => {
  it('is defined in one place: no test sets its own, which could be too short on a busy machine', () => {
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

  it('is far below the time-out of Mocha, so that the error names the condition that was not met', () => {
    const { timeout } = JSON.parse(readFileSync('.mocharc.json', 'utf8')) as { timeout: number };
    assert.ok(timeout >= 5 * PATIENCE);
  });
});
