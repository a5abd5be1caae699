import assert from 'node:assert/strict';
import { sameChoice } from '../../src/model/choice.js';

describe('values of a choice', () => {
  for (const [a, b] of [
    ['inProgress', 'IN_PROGRESS'],
    ['Work in progress', 'work-in-progress'],
    ['Closed Complete', 'closed_complete'],
    ['2 - High', '2-high'],
    ['terminatedWithError', 'Terminated with error '],
  ] as const)
    it(`${a} and ${b} are the same`, () => assert.ok(sameChoice(a, b)));

  for (const [a, b] of [
    ['-4', '4'],
    ['1-2', '12'],
    ['10 20', '1020'],
    ['held', 'hold'],
    ['', '-'],
  ] as const)
    it(`"${a}" and "${b}" differ`, () => assert.ok(!sameChoice(a, b)));
});
