import { readFileSync } from 'node:fs';
import { type Difference, differences, differenceText } from '../fixture/difference.js';
import { readFixture } from '../fixture/fixture.js';
import { replay } from '../fixture/replay.js';
import { currentMapping } from '../fixture/rules.js';
import { readFlows } from './flow-file.js';

export interface TestOptions {
  fixture: string;
  /** Flow file whose mappings are tested; default: the presets, and the mappings in the fixture. */
  flow?: string;
}

export interface TestResult {
  messages: number;
  differences: Difference[];
  /** The differences as readable text, one line each. */
  words: string[];
}

/** Replays a fixture offline with the current rules, and returns the differences in what would be sent. */
export async function testFixture({ fixture: file, flow }: TestOptions): Promise<TestResult> {
  const fixture = readFixture(readFileSync(file, 'utf8'), file);
  const nodes = flow ? readFlows(readFileSync(flow, 'utf8'), flow, process.env).flows : undefined;
  const results = await replay(fixture, (use) => {
    const endpoint = fixture.endpoints[use.endpoint];
    return endpoint ? currentMapping(nodes, use, endpoint) : use.mapping;
  });
  const found = differences(fixture, results);
  return { messages: fixture.steps.length, differences: found, words: found.map((one) => differenceText(fixture, one)) };
}
