import { userInfo } from 'node:os';
import { exportedLine } from '../delivery/audit.js';
import { Broker } from '../delivery/broker.js';
import { erasableIn, notConfirmed } from '../delivery/erasable.js';
import type { ErasureRequest, ErasureResult } from '../delivery/erasure-view.js';
import { SwitchboardError } from '../errors.js';
import type { TrailRange } from '../store/audit-entry.js';
import { LowdbStore } from '../store/lowdb-store.js';
import { checkTrail } from '../store/trail-check.js';
import { trailLines } from '../store/trail-reader.js';

/** Where the tickets are: in the folder of a store that no process uses, or at a running Switchboard. */
export type Place = { store: string } | { url: string; token: string | undefined };

export interface EraseOptions extends ErasureRequest {
  place: Place;
  /** The number of tickets to be erased; without it, or if it is another one, nothing is erased. */
  confirm?: number;
}

/** What would be erased or, with `erased`, was. */
export interface EraseOutcome extends ErasureResult {
  erased: boolean;
  /** The number that was confirmed. */
  confirmed?: number;
}

/** Erases what was confirmed, or says what would be erased; either is noted in the audit trail. */
export async function erase({ place, confirm, person = [], ticket = [] }: EraseOptions): Promise<EraseOutcome> {
  const request = { person, ticket };
  if ('url' in place) return eraseAt(place, request, confirm);
  const unlimited = Number.POSITIVE_INFINITY;
  // What the store node would remove because of its age stays until it is deployed again.
  const limits = { retentionDays: unlimited, retentionBytes: unlimited, auditMonths: unlimited };
  const store = new LowdbStore({ folder: place.store, ...limits });
  await store.open();
  // Nothing is sent or received: it has neither endpoints nor nodes.
  const broker = new Broker({ id: 'cli', name: place.store, store, inboxLimit: 0, flowTimeout: 0 });
  try {
    await broker.audit.adoptOld();
    const by = { name: userName(), source: 'cli' } as const;
    const found = await (confirm === undefined ? broker.eraser.preview(request, by) : broker.eraser.look(request));
    if (confirm === erasableIn(found)) return { ...(await broker.eraser.erase(request, by)), erased: true };
    if (confirm !== undefined) await broker.eraser.refuse(request, found, by);
    return { ...found, erased: false, confirmed: confirm };
  } finally {
    await broker.close();
  }
}

async function eraseAt(
  { url, token }: Extract<Place, { url: string }>,
  request: ErasureRequest,
  confirm: number | undefined,
): Promise<EraseOutcome> {
  const ask = async (path: string, body: object): Promise<ErasureResult> => {
    const answer = await fetch(`${url.replace(/\/$/, '')}/switchboard/people/${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'switchboard-cli',
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    }).catch((error: Error) => {
      throw unreachable(url, error);
    });
    if (answer.ok) return (await answer.json()) as ErasureResult;
    const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
    throw new SwitchboardError('SWB_CONFIG', message ?? `The running Switchboard answered ${answer.status}.`, {
      where: url,
      hint:
        answer.status === 401
          ? 'Set SWITCHBOARD_TOKEN to the access token of a user with the permission switchboard.write.'
          : undefined,
    });
  };
  const found = await ask('preview', request);
  if (erasableIn(found) !== confirm) return { ...found, erased: false, confirmed: confirm };
  return { ...(await ask('erase', { ...request, confirm })), erased: true };
}

/** The result as text. */
export function eraseText({ tickets, values, entries, erased, confirmed, warning }: EraseOutcome): string {
  const lines = tickets.map(({ numbers, title, messages, deliveries, refused }) => {
    const contents = `${counted(messages, 'message')}, ${counted(deliveries, 'delivery', 'deliveries')}`;
    return `${numbers.join(', ')}${title ? ` "${title}"` : ''}: ${refused ? `NOT erased. ${refused}` : contents}`;
  });
  const count = erasableIn({ tickets });
  const parts = [
    count > 0 && counted(count, 'ticket'),
    values > 0 && counted(values, 'unknown value'),
    entries > 0 && `the names in ${counted(entries, 'entry', 'entries')} of the log`,
  ].filter((part) => part !== false);
  const list = parts.join(', ');
  if (erased) return [...lines, list ? `Erased: ${list}.` : 'Nothing was erased.'].join('\n');
  // As long as tickets name the person, it is no use to erase only where else that name is.
  const isRefused = count === 0 && tickets.length > 0;
  const isAny = !isRefused && parts.length > 0;
  const result = isAny ? `Would be erased: ${list}.` : isRefused ? NOT_YET : NOTHING;
  const mistake = confirmed === undefined ? '' : `${notConfirmed(confirmed, count)} `;
  const next = isAny ? ` To erase for good, run it again with --confirm ${count}` : '';
  return [...lines, result, ...(warning ? [warning] : []), `${mistake}Nothing was erased.${next}`].join('\n');
}

const NOT_YET = 'What was found cannot be erased yet.';
const NOTHING = 'Nothing to erase was found: look for other spellings.';

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

function unreachable(url: string, error: Error): SwitchboardError {
  const { code, message } = (error.cause ?? error) as Error & { code?: string };
  return new SwitchboardError('SWB_CONFIG', `No Switchboard answers at this address (${code ?? message}).`, {
    where: url,
    hint: 'Start it, or pass the address of its editor with --url. For one that is stopped, use --store.',
    cause: error,
  });
}

/** Checks the audit trail of a store; its files are only read, so that the store may be in use. */
export async function verifyAudit(store: string): Promise<{ text: string; isWhole: boolean }> {
  const { entries, from, until, cut, end, problems } = await checkTrail(store);
  const range = from ? `, from ${from} to ${until}` : '';
  const summary = `${entries} entries${range}; the names of ${cut} were erased. Last entry: ${end.number} ${end.hash}`;
  const verdict = problems.length === 0 ? 'The audit trail is whole.' : 'The audit trail was changed:';
  return { text: [summary, verdict, ...problems].join('\n'), isWhole: problems.length === 0 };
}

/** The audit trail of a store as lines of JSON, read as they are asked for; its files are only read. */
export async function* exportAudit(store: string, range: TrailRange): AsyncGenerator<string> {
  for await (const line of trailLines(`${store}/audit`, range, () => undefined)) yield exportedLine(line);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run as a user without a name.
    return '';
  }
}
