import type { Broker } from '../../src/delivery/broker.js';
import { erasableIn, notConfirmed } from '../../src/delivery/erasable.js';
import type { ErasureRequest } from '../../src/delivery/erasure-view.js';
import { SwitchboardError } from '../../src/errors.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import type { TrailRange } from '../../src/store/audit-entry.js';
import { say } from '../../src/text/say.js';
import type { AdminRoutes, Request } from '../kit/admin-routes.js';
import { openBrokers, personOf, storeName } from './requests.js';
import type { ErasureView } from './views.js';

/** Texts in one request, and characters in one of them. */
const MAX_TEXTS = 50;
const MAX_LENGTH = 300;

/**
 * The HTTP routes for people's data:
 *
 *     POST switchboard/people/preview    {person: [text], ticket: [number]}: what would be erased
 *     POST switchboard/people/erase      the same, with `confirm`: the number of tickets in the preview that can be erased
 *     POST switchboard/audit/export      {from, until}: the audit trail as lines of JSON
 */
export function servePeople(routes: AdminRoutes): void {
  // A preview tells in which tickets a person appears: only who may erase needs that.
  routes.post('people/preview', (req) =>
    together(requestOf(req), (broker, request) => broker.eraser.preview(request, sourceOf(req))),
  );
  routes.post('people/erase', async (req) => {
    const request = requestOf(req);
    const found = new Map<Broker, ErasureView>();
    const all = await together(request, async (broker) => {
      const one = await broker.eraser.look(request);
      found.set(broker, one);
      return one;
    });
    const { confirm } = req.body ?? {};
    if (confirm === erasableIn(all)) return together(request, (broker) => broker.eraser.erase(request, sourceOf(req)));
    for (const [{ eraser }, one] of found) await eraser.refuse(request, one, sourceOf(req));
    throw new SwitchboardError('SWB_PAYLOAD', notConfirmed(Number(confirm) || 0, erasableIn(all)), {
      field: 'confirm',
      hint: say`Look at the preview again.`,
    });
  });
  routes.lines(
    'audit/export',
    async (req) => {
      const range = rangeOf(req.body);
      const open = openBrokers();
      for (const { audit } of open)
        await audit.add({ by: sourceOf(req), action: 'export', target: { kind: 'trail', id: '' }, facts: { ...range } });
      return { name: 'audit.jsonl', lines: linesOf(open, range) };
    },
    'switchboard.export',
  );
}

async function* linesOf(open: readonly Broker[], range: TrailRange): AsyncGenerator<string> {
  for (const broker of open) yield* broker.audit.lines(range, storeName(broker));
}

/** Asks all stores. */
async function together(
  request: ErasureRequest,
  ask: (broker: Broker, request: ErasureRequest) => Promise<ErasureView>,
): Promise<ErasureView> {
  const all: ErasureView = { tickets: [], values: 0, entries: 0 };
  for (const broker of openBrokers()) {
    const { tickets, values, entries, warning } = await ask(broker, request);
    all.tickets.push(...tickets);
    all.values += values;
    all.entries += entries;
    all.warning ??= warning;
  }
  return all;
}

/** The command line says that it is one. */
function sourceOf(req: Request) {
  return { ...personOf(req), ...(req.headers['user-agent'] === 'switchboard-cli' && { source: 'cli' as const }) };
}

function requestOf({ body = {} }: Request): ErasureRequest {
  return { person: textsOf(body.person, 'person'), ticket: textsOf(body.ticket, 'ticket') };
}

/** Nothing is cut off: what was left out would look erased. */
function textsOf(value: unknown, field: string): string[] {
  const refused = (what: string, hint: string) => new RefusedRequest(400, 'SWB_PAYLOAD', what, { field, hint });
  const texts = value ?? [];
  if (!Array.isArray(texts) || texts.some((text) => typeof text !== 'string'))
    throw refused(say`This is not a list of texts.`, say`Send it as ["…", "…"].`);
  if (texts.length > MAX_TEXTS)
    throw refused(
      say`${texts.length} texts are too many: at most ${MAX_TEXTS} at once.`,
      say`Erase them in several steps, one after the other.`,
    );
  const long: string | undefined = texts.find((text: string) => text.length > MAX_LENGTH);
  if (long !== undefined)
    throw refused(
      say`The text "${long.slice(0, 40)} …" is too long: at most ${MAX_LENGTH} characters.`,
      say`Write one name, address or number per line.`,
    );
  return texts;
}

function rangeOf({ from, until }: Request['body'] = {}): TrailRange {
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
