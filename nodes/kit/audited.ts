import type { AuditLog, Note } from '../../src/delivery/audit.js';
import { brokers } from '../../src/delivery/brokers.js';
import type { Person } from '../../src/delivery/person.js';
import { viewMask } from '../../src/delivery/shown-text.js';
import { isClear, type SignedIn } from './rights.js';

/** What is noted of a request. */
type Request = SignedIn & {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
};

export function personOf(req: SignedIn): Person {
  return { name: req.user?.username ?? '' };
}

/** For an entry about what is shown: the fact that people's data is not masked in it. */
export function shownTo(req: Request): Pick<Note, 'facts'> {
  return !viewMask() || isClear(req) ? { facts: { people: true } } : {};
}

/** Notes that a user sees people's data in the views, which mask it for everybody else. */
export async function noteClear(req: Request): Promise<void> {
  if (!viewMask()) return;
  for (const { audit } of brokers())
    await audit.reading({ by: personOf(req), action: 'read', target: { kind: 'view', id: '' }, ...shownTo(req) });
}

/** The log of the store that an endpoint belongs to, otherwise of the first one that is open; undefined if none is. */
function logFor(endpoint: string): AuditLog | undefined {
  const open = brokers();
  return (open.find((broker) => broker.client(endpoint)) ?? open[0])?.audit;
}

/** Notes what the server was made to send to a partner, with how it ended. `isFailed`: whether a result says that it failed. */
export async function noteRequest<T>(
  req: Request,
  action: 'test' | 'lookUp',
  send: () => Promise<T>,
  isFailed: (result: T) => boolean = () => false,
): Promise<T> {
  const { id = '' } = req.params;
  const { name } = (req.body?.config ?? {}) as { name?: unknown };
  const target = { kind: 'endpoint', id, ...(typeof name === 'string' && name && { name }) } as const;
  const note = (outcome: Note['outcome']) => {
    const entry = { by: personOf(req), action, target, outcome };
    // Lists are loaded again and again while a dialog is open.
    return action === 'test' ? logFor(id)?.add(entry) : logFor(id)?.reading(entry);
  };
  let result: T;
  try {
    result = await send();
  } catch (error) {
    await note('failed');
    throw error;
  }
  await note(isFailed(result) ? 'failed' : 'done');
  return result;
}

/** Notes that a user is about to see stored messages through a mapping or route that is being written. */
export async function notePreview(req: Request, what: string): Promise<void> {
  await logFor('')?.reading({ by: personOf(req), action: 'preview', target: { kind: 'mapping', id: what }, ...shownTo(req) });
}
