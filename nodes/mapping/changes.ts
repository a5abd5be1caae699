import { differences } from '../../src/mapping/difference.js';
import type { Direction, Mapping, Problem } from '../../src/mapping/mapping.js';
import type { Preview } from '../../src/mapping/preview-result.js';
import type { Json } from '../../src/model/message.js';
import type { Changes, MessageChange } from './designer/answers.js';
import type { KeptMessage } from './kept-messages.js';

type Run = (mapping: Mapping, direction: Direction, sample: Record<string, Json>) => Promise<Preview>;

/** Compares as many of the messages as there is time for. */
export async function compareMessages(
  messages: KeptMessage[],
  before: Mapping | undefined,
  after: Mapping,
  run: Run,
  isOver: () => boolean,
): Promise<Omit<Changes, 'against'>> {
  const compared: MessageChange[] = [];
  const nothing = { result: {}, problems: [] };
  for (const { sample, ...heading } of messages) {
    if (isOver()) break;
    const old = before ? await run(before, heading.direction, sample) : nothing;
    const now = await run(after, heading.direction, sample);
    const [had, has] = [texts(old.problems), texts(now.problems)];
    compared.push({
      ...heading,
      differences: differences(old.result, now.result),
      newProblems: [...has].filter((text) => !had.has(text)),
      solvedProblems: [...had].filter((text) => !has.has(text)),
    });
  }
  const count = (is: (change: MessageChange) => boolean) => compared.filter(is).length;
  return {
    compared: compared.length,
    changed: count((change) => change.differences.length > 0),
    worse: count((change) => change.newProblems.length > 0),
    better: count((change) => change.solvedProblems.length > 0),
    messages: compared,
    ...(compared.length < messages.length && { cut: true }),
  };
}

function texts(problems: Problem[]): Set<string> {
  return new Set(problems.map(({ text }) => text));
}
