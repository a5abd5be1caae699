import { addressOf } from '../live/admin-routes.js';
import type { LiveRig } from '../live/rig.js';

/** A way into the product. */
export interface Surface {
  name: string;
  method: 'GET' | 'POST';
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  /** A valid body. */
  body: string;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
/**
 * What partners and load balancers call, with a valid secret and with a wrong one. The valid bodies are about records that exist, so that
 * nothing waits for them.
 */
export function partnerSurfaces(rig: LiveRig): Surface[] {
  const record = rig.sandbox.servicenow.rows('incident')[0]!;
  const hint = JSON.stringify({ table: 'incident', sys_id: record.sys_id, operation: 'update', number: record.number });
  const event = JSON.stringify({
    eventId: 'e-1',
    eventTime: '2026-01-01T00:00:00Z',
    eventType: 'TroubleTicketStatusChangeEvent',
    event: { troubleTicket: { id: String(rig.sandbox.tmf('v4').tickets()[0]?.id), note: [{ text: 'done' }] } },
  });
  const secret = rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
  const callback = new URL(String(rig.sandbox.tmf('v4').hubs()[0]?.callback)).pathname;
  const post = (name: string, path: string, body: string, headers = {}): Surface => ({
    name,
    method: 'POST',
    path,
    headers: { ...JSON_TYPE, ...headers },
    body,
  });
  return [
    post('webhook', '/switchboard/customer', hint, { 'x-switchboard-secret': secret }),
    post('webhook, wrong secret', '/switchboard/customer', hint, { 'x-switchboard-secret': 'guess' }),
    post('hub', callback, event),
    post('hub, wrong secret', callback.replace(/[^/]+$/, 'guess'), event),
    ...['/health', '/health/live', '/health/ready'].map(
      (path): Surface => ({ name: path, method: 'GET', path, headers: {}, body: '' }),
    ),
  ];
}

/** All admin routes of the running product, as a program on this machine calls them where nobody signs in. */
export async function adminSurfaces(url: string): Promise<Surface[]> {
  const routes = (await (await fetch(`${url}/routes`)).json()) as string[];
  return routes.map((route) => {
    const { method, path } = addressOf(route);
    const isPost = method === 'POST';
    return {
      name: route,
      method: isPost ? 'POST' : 'GET',
      path: `/${path}`,
      headers: isPost ? JSON_TYPE : {},
      body: isPost ? JSON.stringify({ ids: ['m1'], reason: 'r', type: 'switchboard-tmf-endpoint', config: {}, mapping: {} }) : '',
    };
  });
}
