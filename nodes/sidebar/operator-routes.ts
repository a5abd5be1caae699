import type { Broker } from '../../src/delivery/broker.js';
import { brokers } from '../../src/delivery/brokers.js';
import { endpointState } from '../../src/delivery/endpoint-state.js';
import type { IntakeTrouble } from '../../src/delivery/intake-troubles.js';
import type { UnmappedValue } from '../../src/delivery/unmapped-counter.js';
import type { AdminRoutes, Request } from '../kit/admin-routes.js';
import { notFound, openBrokers, personOf, reasonOf } from './requests.js';
import type { AuditEntry, EndpointView, UnmappedView } from './views.js';

const AUDIT = 200;

/** The HTTP routes of the operator's other views: endpoints, unmapped values, audit. */
export function serveOperatorViews(routes: AdminRoutes): void {
  routes.get('endpoints', endpoints);
  routes.get('endpoints/deleted', async () => openBrokers().flatMap((broker) => broker.deletedEndpoints()));
  for (const action of ['suspend', 'resume'] as const) {
    routes.post(`endpoints/:id/${action}`, async (req) => {
      const id = req.params.id ?? '';
      const broker = brokers().find((one) => one.client(id));
      if (!broker) return notFound('endpoint');
      if (action === 'suspend') await broker.interventions.suspend(id, reasonOf(req), personOf(req));
      else await broker.interventions.resume(id, personOf(req));
      return {};
    });
  }
  routes.get('unmapped', unmapped);
  routes.post('unmapped/forget', forget);
  routes.get('audit', audit);
}

async function endpoints(): Promise<EndpointView[]> {
  const views = await Promise.all(
    openBrokers().map(async (broker) => {
      const { waiting } = await broker.store.counts();
      return broker.workers().map((one) => endpoint(one, waiting, broker.intakeTroubles.list()));
    }),
  );
  return views.flat().sort((a, b) => a.name.localeCompare(b.name));
}

function endpoint(
  { client, status }: ReturnType<Broker['workers']>[number],
  waiting: Record<string, number>,
  troubles: IntakeTrouble[],
): EndpointView {
  const { circuit, inFlight, suspended, paused, outage, lastError } = status;
  const resumesAt = paused?.nextCheck ?? (circuit === 'open' ? status.resumesAt : undefined);
  return {
    id: client.id,
    name: client.name,
    system: client.system,
    state: endpointState(status),
    inFlight,
    waiting: (waiting[client.id] ?? 0) - inFlight,
    resumesAt: resumesAt ? new Date(resumesAt).toISOString() : undefined,
    paused: paused && { since: paused.since, reason: paused.reason },
    suspended,
    downSince: outage?.since,
    lastError: lastError && { at: lastError.at, message: lastError.message },
    intake: troubles.filter((trouble) => trouble.endpoint === client.id),
  };
}

async function unmapped(): Promise<UnmappedView[]> {
  const lists = await Promise.all(
    openBrokers().map(async (broker) => (await broker.unmapped.list()).map((value) => ({ ...value, store: broker.id }))),
  );
  return lists.flat().sort((a, b) => b.times - a.times);
}

async function forget(req: Request): Promise<object> {
  const values = (Array.isArray(req.body?.values) ? req.body.values : []) as UnmappedView[];
  for (const broker of brokers()) {
    const mine = values.filter(({ store }) => store === broker.id);
    if (mine.length === 0) continue;
    const [{ field, value }] = mine as [UnmappedView];
    const target: AuditEntry['target'] = { kind: 'value', id: field, name: `${field} "${String(value)}"`, count: mine.length };
    const note = broker.audit.note({ by: personOf(req), action: 'forget', target });
    await broker.unmapped.forget(mine as UnmappedValue[], [note]);
  }
  return {};
}

async function audit({ query }: Request): Promise<AuditEntry[]> {
  const lists = await Promise.all(openBrokers().map((broker) => broker.audit.list(AUDIT, query.all === 'true')));
  return lists
    .flat()
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, AUDIT);
}
