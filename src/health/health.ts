import { type DeployedStore, deployedStores } from '../delivery/brokers.js';
import { type EndpointState, endpointState } from '../delivery/endpoint-state.js';
import { viewMask } from '../delivery/shown-text.js';
import { inboundLoad } from '../http/receive-request.js';
import { refusalCounts } from '../http/refusals.js';
import type { HealthAnswer, Phase } from './readiness.js';
import { writeFailure } from './write-check.js';

const UNAVAILABLE: readonly EndpointState[] = ['down', 'strange', 'paused'];

/**
 * `ok` if messages are accepted, and every store and every partner is available; `degraded` if a partner is not: messages are
 * still accepted. The body includes the counts of waiting and failed work, for dashboards and alerts.
 */
export async function health(phase?: Phase): Promise<HealthAnswer> {
  try {
    // Nobody has to sign in for it.
    const all = await Promise.all(deployedStores().map(storeHealth));
    const stores = viewMask()?.answer(all) ?? all;
    const unusable = stores.find((store) => store.reason !== undefined);
    const problem = phase ?? unusable?.reason ?? (stores.length === 0 ? 'no store is open' : undefined);
    const degraded = stores.some(
      (store) =>
        store.open && (store.intakeTroubles.length > 0 || store.endpoints.some(({ state }) => UNAVAILABLE.includes(state))),
    );
    return {
      status: problem ? 503 : 200,
      body: { status: problem ?? (degraded ? 'degraded' : 'ok'), stores, inbound: inbound() },
    };
  } catch (error) {
    return { status: 503, body: { status: error instanceof Error ? error.message : String(error) } };
  }
}

/** What is being received, and what was refused since the process started. */
function inbound() {
  return { ...inboundLoad(), refused: refusalCounts() };
}

async function storeHealth({ name, availability }: DeployedStore) {
  const { broker, trouble } = availability;
  if (!broker) {
    const retryAt = trouble?.retryAt && new Date(trouble.retryAt).toISOString();
    const reason = trouble?.error.message ?? 'The store is being opened.';
    return { name, open: false as const, reason, ...(retryAt && { retryAt }) };
  }
  // A store that lost its lock while nothing was written is noticed here.
  await broker.store.confirmOwnership();
  const { waiting, ...counts } = await broker.store.counts();
  const reason = broker.store.trouble && (await writeFailure(broker.store));
  const endpoints = broker.workers().map(({ client, status }) => ({
    name: client.name,
    state: endpointState(status),
    waiting: waiting[client.id] ?? 0,
    ...(status.suspended && { suspendedAt: status.suspended.at }),
    ...(status.paused && { pausedSince: status.paused.since, reason: status.paused.reason }),
  }));
  const intakeTroubles = broker.intakeTroubles.list();
  return { name, open: true as const, ...(reason && { reason }), ...counts, endpoints, intakeTroubles };
}
