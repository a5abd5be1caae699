import assert from 'node:assert/strict';
import { commandOf, numberOf, optionsOf, timeOf, UsageError, usage } from '../../src/cli/usage.js';

describe('the help of the command line', () => {
  it('is that of one command, or of all', () => {
    assert.match(usage('erase'), /^switchboard erase --person/);
    assert.doesNotMatch(usage('erase'), /switchboard audit/);
    for (const command of ['run', 'test', 'erase', 'audit', 'sandbox'] as const) assert.ok(usage().includes(usage(command)));
  });

  it('names the options that a command takes', () => {
    assert.deepEqual(optionsOf('sandbox'), ['port']);
    assert.deepEqual(optionsOf('audit'), ['store', 'user-dir', 'from', 'until']);
    assert.ok(optionsOf('erase').includes('user-dir'));
  });

  it('comes after a line that says what was wrong', () => {
    for (const [wrong, message] of [
      [() => commandOf('walk'), '"walk" is not a command.'],
      [() => commandOf('constructor'), '"constructor" is not a command.'],
      [() => commandOf(undefined), 'No command was given.'],
      [() => numberOf('abc', 'port', 'sandbox'), '--port: "abc" is not a number.'],
      [() => numberOf('', 'confirm', 'erase'), '--confirm: "" is not a number.'],
      [() => timeOf('soon', 'from', 'audit'), '--from: "soon" is not a time. Write it as 2026-11-30 or 2026-11-30T12:00:00Z.'],
    ] as const)
      assert.throws(wrong, (error) => error instanceof UsageError && error.message === message);
    assert.equal(numberOf('0.5', 'drain', 'run'), 0.5);
  });
});
