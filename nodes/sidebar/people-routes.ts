import type { Broker } from '../../src/delivery/broker.js';
import type { ErasureRequest } from '../../src/delivery/erasure-view.js';
import { SwitchboardError } from '../../src/errors.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import type { TrailRange } from '../../src/store/audit-entry.js';
import { say } from '../../src/text/say.js';
import type { AdminRoutes, Request } from '../kit/admin-routes.js';
import { openBrokers, personOf } from './requests.js';
import type { ErasureView } from './views.js';

/** Texts in one request. */
const MAX_TEXTS = 50;
const MAX_LENGTH = 300;

/**
 * The HTTP routes for people's data:
 *
 *     POST switchboard/people/preview    {person: [text], ticket: [number]}: what would be erased
 *     POST switchboard/people/erase      the same, with `confirm`: the number of tickets in the preview that can be erased
 *     GET  switchboard/audit/export      ?from=…&until=…: the audit trail as lines of JSON
 */
export function servePeople(routes: AdminRoutes): void {
  // A preview tells in which tickets a person appears: only who may erase needs that.
  routes.post('people/preview', (req) => together(req, (broker, request) => broker.eraser.preview(request)));
  routes.post('people/erase', async (req) => {
    const { tickets } = await together(req, (broker, request) => broker.eraser.preview(request));
    const count = tickets.filter(({ refused }) => !refused).length;
    if (req.body?.confirm !== count)
      throw new SwitchboardError(
        'SWB_PAYLOAD',
        say`${count} tickets would be erased, which is not the number that was confirmed.`,
        {
          hint: say`Look at the preview again.`,
        },
      );
    return together(req, (broker, request) => broker.eraser.erase(request, sourceOf(req)));
  });
  routes.lines(
    'audit/export',
    async (req) => {
      const range = rangeOf(req.query);
      const open = openBrokers();
      for (const { audit } of open)
        await audit.add({ by: sourceOf(req), action: 'export', target: { kind: 'trail', id: '' }, facts: { ...range } });
      return { name: 'audit.jsonl', lines: linesOf(open, range) };
    },
    'switchboard.export',
  );
}

async function* linesOf(open: readonly Broker[], range: TrailRange): AsyncGenerator<string> {
  for (const { audit } of open) yield* audit.lines(range);
}

/** Asks all stores. */
async function together(
  req: Request,
  ask: (broker: Broker, request: ErasureRequest) => Promise<ErasureView>,
): Promise<ErasureView> {
  const request = { person: textsOf(req.body?.person), ticket: textsOf(req.body?.ticket) };
  const all: ErasureView = { tickets: [], values: 0, entries: 0 };
  for (const broker of openBrokers()) {
    const { tickets, values, entries } = await ask(broker, request);
    all.tickets.push(...tickets);
    all.values += values;
    all.entries += entries;
  }
  return all;
}

/** The command line says that it is one. */
function sourceOf(req: Request) {
  return { ...personOf(req), ...(req.headers['user-agent'] === 'switchboard-cli' && { source: 'cli' as const }) };
}

function textsOf(value: unknown): string[] {
  const texts = Array.isArray(value) ? value : [];
  return texts.slice(0, MAX_TEXTS).map((text) => String(text).slice(0, MAX_LENGTH));
}

function rangeOf({ from, until }: Request['query']): TrailRange {
  const time = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value === '') return {};
    if (!Number.isNaN(Date.parse(value))) return { [name]: new Date(value).toISOString() };
    throw new RefusedRequest(400, 'SWB_PAYLOAD', say`"${value}" is not a time.`, {
      field: name,
      hint: say`Send it as 2026-11-30.`,
    });
  };
  return { ...time('from', from), ...time('until', until) };
}
