import { brokers } from '../delivery/brokers.js';
import { endpointState } from '../delivery/endpoint-state.js';

/**
 * `ok` if messages are accepted, and every store and every partner is available; `degraded` if a partner is not: messages are
 * still accepted. The body includes the counts of waiting and failed work, for dashboards and alerts.
 */
export async function health(phase?: 'starting' | 'stopping'): Promise<{ status: number; body: unknown }> {
  try {
    const stores = await Promise.all(
      brokers().map(async (broker) => {
        const { waiting, ...counts } = await broker.store.counts();
        const endpoints = broker.workers().map(({ client, status }) => ({
          name: client.name,
          state: endpointState(status),
          waiting: waiting[client.id] ?? 0,
          ...(status.suspended && { suspendedAt: status.suspended.at }),
        }));
        return { name: broker.name, ...counts, endpoints, intakeTroubles: broker.intakeTroubles.list() };
      }),
    );
    const ready = stores.length > 0 && !phase;
    const degraded = stores.some(
      ({ endpoints, intakeTroubles }) =>
        intakeTroubles.length > 0 || endpoints.some(({ state }) => state === 'down' || state === 'strange'),
    );
    const word = degraded ? 'degraded' : 'ok';
    return { status: ready ? 200 : 503, body: { status: phase ?? (ready ? word : 'no store is open'), stores } };
  } catch (error) {
    return { status: 503, body: { status: error instanceof Error ? error.message : String(error) } };
  }
}
