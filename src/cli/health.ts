import { brokers } from '../delivery/brokers.js';

/** `ok` when every store answers; what waits and what failed is told with it, for dashboards and alerts. */
export async function health(stopping: boolean): Promise<{ status: number; body: unknown }> {
  try {
    const stores = await Promise.all(
      brokers().map(async (broker) => {
        const { waiting, ...counts } = await broker.store.counts();
        const endpoints = broker.workers().map(({ client, status }) => ({
          name: client.name,
          state: status.suspended ? 'suspended' : status.circuit === 'open' ? 'down' : 'up',
          waiting: waiting[client.id] ?? 0,
          ...(status.suspended && { suspendedAt: status.suspended.at }),
        }));
        return { name: broker.name, ...counts, endpoints };
      }),
    );
    const ready = stores.length > 0 && !stopping;
    return { status: ready ? 200 : 503, body: { status: stopping ? 'stopping' : ready ? 'ok' : 'no store is open', stores } };
  } catch (error) {
    return { status: 503, body: { status: error instanceof Error ? error.message : String(error) } };
  }
}
