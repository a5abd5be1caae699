import assert from 'node:assert/strict';

/** The log shows what the product says, not what a debug node of the flow prints. */
export const NO_DEBUG = { 'sb1-errors': { console: false } };

/** Control characters other than the end of a line, and those that reorder or break text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Nothing that came from outside may look like more than text in a log: see ESCAPES in corpus.ts. */
export function checkLog(text: string): void {
  const lines = text.split('\n');
  const shown = (found: string[]) => found.slice(0, 3).map((line) => JSON.stringify(line.slice(0, 300)));
  assert.deepEqual(shown(lines.filter((line) => CONTROL.test(line))), [], 'control characters in the log');
  assert.deepEqual(shown(lines.filter((line) => line.startsWith('[error] FORGED'))), [], 'forged lines in the log');
  assert.deepEqual(shown(lines.filter((line) => /\b(Type|Range|Syntax|URI)Error\b/.test(line))), [], 'raw errors in the log');
}
