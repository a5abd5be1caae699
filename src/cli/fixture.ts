import { readFileSync } from 'node:fs';
import { type Difference, differences, inWords } from '../fixture/difference.js';
import { readFixture } from '../fixture/fixture.js';
import { replay } from '../fixture/replay.js';
import { mappingToday } from '../fixture/rules.js';
import { readFlows } from './flow-file.js';

export interface TestOptions {
  fixture: string;
  /** Flow file whose mappings are tested; without it the presets, and the fixture's own mappings. */
  flow?: string;
}

export interface Tested {
  messages: number;
  differences: Difference[];
  /** The same for people, one line each. */
  words: string[];
}

/** Replays a fixture against today's rules, offline, and says what would be sent other than it was. */
export async function test({ fixture: file, flow }: TestOptions): Promise<Tested> {
  const fixture = readFixture(readFileSync(file, 'utf8'), file);
  const nodes = flow ? readFlows(readFileSync(flow, 'utf8'), flow, process.env).flows : undefined;
  const results = await replay(fixture, (use) => {
    const endpoint = fixture.endpoints[use.endpoint];
    return endpoint ? mappingToday(nodes, use, endpoint) : use.mapping;
  });
  const found = differences(fixture, results);
  return { messages: fixture.steps.length, differences: found, words: found.map((one) => inWords(fixture, one)) };
}
