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
const HINT = JSON.stringify({
  table: 'incident',
  sys_id: '0c5f3cece1b12010f877971dea0b1449',
  operation: 'update',
  number: 'INC0',
});
const EVENT = JSON.stringify({
  eventId: 'e-1',
  eventTime: '2026-01-01T00:00:00Z',
  eventType: 'TroubleTicketStatusChangeEvent',
  event: { troubleTicket: { id: 'TT-9', status: 'resolved', note: [{ text: 'done' }] } },
});

/** What partners and load balancers call, with a valid secret and with a wrong one. */
export function partnerSurfaces(rig: LiveRig): Surface[] {
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
    post('webhook', '/switchboard/customer', HINT, { 'x-switchboard-secret': secret }),
    post('webhook, wrong secret', '/switchboard/customer', HINT, { 'x-switchboard-secret': 'guess' }),
    post('hub', callback, EVENT),
    post('hub, wrong secret', callback.replace(/[^/]+$/, 'guess'), EVENT),
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
