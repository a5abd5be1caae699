import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import type { Interventions } from '../../src/delivery/interventions.js';
import type { Person } from '../../src/delivery/person.js';
import { viewMask } from '../../src/delivery/shown-text.js';
import type { WaitKind } from '../../src/delivery/wait-reason.js';
import { SwitchboardError } from '../../src/errors.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import type { Json } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';
import type { AdminRoutes, Request } from '../kit/admin-routes.js';
import { shownTo } from '../kit/audited.js';
import { EXPORT, isClear } from '../kit/rights.js';
import { bulk } from './bulk.js';
import { nodeNames } from './node-names.js';
import { notFound, openBrokers, personOf, reasonOf } from './requests.js';
import { countAll, listMessages, messageView } from './view-model.js';
import { type BulkRequest, DIRECTIONS, FILTERS, type Query, type Selection, UNDOABLE } from './views.js';
import { waitSummary } from './wait-summary.js';

const PAGE = 50;
const MAX_PAGE = 200;
const noReason = () => say`Skipped by a user.`;

type Kind = 'message' | 'delivery';
const FOLDERS: Record<Kind, string> = { message: 'messages', delivery: 'deliveries' };

type Act = (to: Interventions, id: string, req: Request, by: Person) => Promise<void>;
/** The actions on a message or delivery, by the last part of the path. */
const ACTIONS: Record<string, Partial<Record<Kind, Act>>> = {
  replay: {
    message: (to, id, _req, by) => to.replayMessage(id, by),
    delivery: (to, id, _req, by) => to.replayDelivery(id, by),
  },
  sendAgain: { delivery: (to, id, _req, by) => to.sendAgain(id, by) },
  edit: {
    message: (to, id, req, by) => to.editMessage(id, payloadOf(req), by),
    delivery: (to, id, req, by) => to.editDelivery(id, payloadOf(req), by),
  },
  skip: {
    message: (to, id, req, by) => to.skipMessage(id, reasonOf(req) || noReason(), by),
    delivery: (to, id, req, by) => to.skipDelivery(id, reasonOf(req) || noReason(), by),
  },
  seen: {
    message: (to, id, _req, by) => to.markMessageSeen(id, by),
    delivery: (to, id, _req, by) => to.markDeliverySeen(id, by),
  },
  undo: {
    message: (to, id, _req, by) => to.undoMessage(id, by),
    delivery: (to, id, _req, by) => to.undoDelivery(id, by),
  },
};

/** The HTTP routes of the messages view. */
export function serveMessages(RED: NodeAPI, routes: AdminRoutes): void {
  const nameOf = nodeNames(RED);
  routes.get('messages', (req) => listMessages(openBrokers(), { ...queryOf(req.query), clear: isClear(req) }, nameOf));
  routes.get('messages/:id', async (req) => {
    const id = req.params.id ?? '';
    const view = (await messageView(brokers(), id, nameOf)) ?? notFound('message');
    const target = { kind: 'message', id, name: view.number } as const;
    for (const { store, audit } of brokers())
      if (await store.message(id)) await audit.reading({ by: personOf(req), action: 'read', target, ...shownTo(req) });
    return view;
  });
  routes.get('counts', () => countAll(openBrokers()));
  routes.get('waits', () => waitSummary(openBrokers(), nameOf));
  routes.post('bulk', (req) => bulk(openBrokers(), bulkOf(req), personOf(req), nameOf));
  for (const kind of ['message', 'delivery'] as const) {
    for (const [name, { [kind]: act }] of Object.entries(ACTIONS)) {
      if (!act) continue;
      routes.post(`${FOLDERS[kind]}/:id/${name}`, async (req) => {
        const id = req.params.id ?? '';
        for (const broker of brokers()) {
          if (!(await broker.store[kind](id))) continue;
          await act(broker.interventions, id, req, personOf(req));
          return {};
        }
        return notFound(kind);
      });
    }
  }
}

/** The edited payload. Where people's data is masked, only a user who sees it in clear can edit: what is shown must not be sent. */
function payloadOf(req: Request): Json {
  if (viewMask() && !isClear(req))
    throw new SwitchboardError('SWB_PAYLOAD', say`People’s data is masked, and an edited payload would be sent with the masks.`, {
      hint: say`Show people’s data first, which needs the permission ${EXPORT}, and edit what is shown then.`,
    });
  const payload = req.body?.payload;
  if (payload === undefined)
    throw new RefusedRequest(400, 'SWB_PAYLOAD', say`The request has no payload.`, { hint: say`Send {"payload": …}.` });
  return payload as Json;
}

function bulkOf(req: Request): BulkRequest {
  const { action: requested, undoes, ids, selection, preview } = req.body ?? {};
  const action = [...UNDOABLE, 'undo' as const].find((one) => one === requested);
  if (!action)
    throw new RefusedRequest(
      400,
      'SWB_PAYLOAD',
      say`The action "${String(requested)}" is not available for several messages at once.`,
    );
  return {
    action,
    undoes: UNDOABLE.find((one) => one === undoes),
    reason: reasonOf(req) || (action === 'skip' ? noReason() : ''),
    ids: Array.isArray(ids) ? ids.map(String) : undefined,
    selection:
      typeof selection === 'object' && selection !== null
        ? { ...selectionOf(selection as Request['query']), clear: isClear(req) }
        : undefined,
    preview: preview === true,
  };
}

function queryOf(query: Request['query']): Query {
  const limit = Math.min(Math.max(Number.parseInt(textOf(query.limit), 10) || PAGE, 1), MAX_PAGE);
  return { ...selectionOf(query), before: textOf(query.before) || undefined, limit };
}

function selectionOf(query: Request['query']): Selection {
  const oneOf = <T extends string>(known: readonly T[], given: unknown): T =>
    known.find((name) => name === given) ?? (known[0] as T);
  const time = (given: unknown) => (Number.isNaN(Date.parse(textOf(given))) ? undefined : new Date(textOf(given)).toISOString());
  return {
    search: textOf(query.search).trim(),
    state: oneOf(FILTERS, query.state),
    direction: oneOf(DIRECTIONS, query.direction),
    endpoint: textOf(query.endpoint) || undefined,
    entityType: textOf(query.entityType) || undefined,
    reason: (textOf(query.reason) || undefined) as WaitKind | undefined,
    since: time(query.since),
    until: time(query.until),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
