import type { Broker } from '../../src/delivery/broker.js';
import { brokers } from '../../src/delivery/brokers.js';
import { endpointState } from '../../src/delivery/endpoint-state.js';
import type { IntakeTrouble } from '../../src/delivery/intake-troubles.js';
import { nodeTroubles } from '../../src/delivery/node-troubles.js';
import { sharedIntakesOf } from '../../src/delivery/shared-intakes.js';
import { maskedClasses } from '../../src/delivery/shown-text.js';
import { type UnmappedValue, unmappedKey } from '../../src/delivery/unmapped-counter.js';
import { SYSTEMS } from '../../src/endpoints/systems.js';
import { SwitchboardError } from '../../src/errors.js';
import type { ViewMask } from '../../src/privacy/view-mask.js';
import { say } from '../../src/text/say.js';
import { type AdminRoutes, maskFor, type Request } from '../kit/admin-routes.js';
import { EXPORT, isGranted } from '../kit/rights.js';
import { notFound, openBrokers, personOf, reasonOf, storeName } from './requests.js';
import type { Access, AuditEntry, EndpointView, MisconfiguredEndpoint, UnmappedView } from './views.js';

const AUDIT = 200;

/** The HTTP routes of the operator's other views: endpoints, unmapped values, audit. */
export function serveOperatorViews(routes: AdminRoutes): void {
  routes.get('access', access);
  routes.get('endpoints', endpoints);
  routes.get('endpoints/misconfigured', misconfigured);
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
  routes.post('endpoints/:id/renewSecret', renewSecret);
  routes.get('unmapped', unmapped);
  routes.post('unmapped/forget', forget);
  routes.get('audit', audit);
}

function access(req: Request): Access {
  return { write: isGranted(req, 'switchboard.write'), export: isGranted(req, EXPORT), masked: maskedClasses() };
}

/** The deployed endpoints that cannot work as they are configured, so that no broker knows them. */
function misconfigured(): MisconfiguredEndpoint[] {
  const types = new Set(SYSTEMS.map(({ endpoint: { node } }) => `switchboard-${node}`));
  return nodeTroubles()
    .filter(({ type }) => types.has(type))
    .map(({ id, name, since, reason }) => ({ id, name, since, reason }));
}

async function endpoints(): Promise<EndpointView[]> {
  const views = await Promise.all(
    openBrokers().map(async (broker) => {
      const { waiting } = await broker.store.counts();
      return broker.workers().map((one) => ({
        ...endpoint(one, waiting, broker.intakeTroubles.list()),
        ...secretsOf(broker, one.client.id),
      }));
    }),
  );
  return views.flat().sort((a, b) => a.name.localeCompare(b.name));
}

function endpoint(
  { client, status }: ReturnType<Broker['workers']>[number],
  waiting: Record<string, number>,
  troubles: IntakeTrouble[],
): Omit<EndpointView, keyof ReturnType<typeof secretsOf>> {
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

/** What is to be known of the secrets with which an endpoint sends us changes; never the secrets. */
function secretsOf(broker: Broker, id: string): Pick<EndpointView, 'formerSecrets' | 'callbacks'> {
  const reports = broker.intakeReports.of(id);
  return {
    formerSecrets: reports.flatMap(({ name, formerSecret }) => (formerSecret ? [{ name, ...formerSecret }] : [])),
    callbacks: reports.flatMap(({ name, hub }) => (hub ? [{ name, ...hub }] : [])),
  };
}

/** Registers at the hub of an endpoint with new secrets in the path of the callback. */
async function renewSecret(req: Request): Promise<object> {
  const id = req.params.id ?? '';
  const broker = brokers().find((one) => one.client(id));
  if (!broker) return notFound('endpoint');
  const name = broker.client(id)?.name ?? id;
  if ((await sharedIntakesOf(broker).renewSecrets(id)) === 0)
    throw new SwitchboardError('SWB_CONFIG', say`${name} has no callback here.`, {
      hint: say`Only in nodes that receive events of a hub have one.`,
    });
  await broker.interventions.noteMany('renewSecret', { kind: 'endpoint', id, name }, personOf(req));
  return {};
}

async function unmapped(): Promise<UnmappedView[]> {
  const lists = await Promise.all(
    openBrokers().map(async (broker) => (await broker.unmapped.list()).map((value) => ({ ...value, store: broker.id }))),
  );
  return lists.flat().sort((a, b) => b.times - a.times);
}

async function forget(req: Request): Promise<object> {
  const given = Array.isArray(req.body?.values) ? req.body.values : [];
  const values = given.filter((value) => typeof value?.store === 'string' && typeof value.field === 'string') as UnmappedView[];
  for (const broker of brokers()) {
    const mine = values.filter(({ store }) => store === broker.id);
    if (mine.length === 0) continue;
    const counted = await countedAs(broker, mine, maskFor(req));
    if (counted.length === 0) continue;
    const [{ field, value }] = mine as [UnmappedView];
    const target: AuditEntry['target'] = { kind: 'value', id: field, name: `${field} "${String(value)}"`, count: mine.length };
    const note = broker.audit.note({ by: personOf(req), action: 'forget', target });
    await broker.unmapped.forget(counted, [note]);
  }
  return {};
}

/** The counted values that a view showed so. Who sees them masked cannot find out, by forgetting, whether one is what they guess. */
async function countedAs(broker: Broker, shown: UnmappedValue[], mask: ViewMask | undefined): Promise<UnmappedValue[]> {
  const keys = new Set(shown.map(unmappedKey));
  return (await broker.unmapped.list()).filter((one) => keys.has(unmappedKey(mask?.answer(one) ?? one)));
}

async function audit(req: Request): Promise<AuditEntry[]> {
  const open = openBrokers();
  const isMasked = maskFor(req) !== undefined;
  const lists = await Promise.all(
    open.map(async (broker) => {
      const entries = await broker.audit.list(AUDIT, req.query.all === 'true');
      const store = open.length > 1 ? storeName(broker) : undefined;
      // Nothing says whether the words of a search are a name.
      return entries.map(({ search, ...entry }) => ({
        ...entry,
        ...(search && !isMasked && { search }),
        ...(store && { store }),
      }));
    }),
  );
  return lists
    .flat()
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, AUDIT);
}
