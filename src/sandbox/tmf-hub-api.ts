import { json, type Reply, type Request } from './exchange.js';
import { notAllowed, type Resource, refuse, type TmfProvider } from './tmf-api.js';
import type { Hub, RegistrationForm } from './tmf-hub.js';

const PAGE: Reply = {
  status: 200,
  headers: { 'Content-Type': 'text/html;charset=utf-8' },
  body: Buffer.from('<!doctype html><html><head><title>Please sign in</title></head><body></body></html>'),
};

/** Answers that replace the hub's: nothing is registered. */
const REPLACEMENTS: Partial<Record<RegistrationForm, Reply>> = {
  page: PAGE,
  errorObject: { status: 200, body: { code: '60', reason: 'try later' } },
  gatewayNotFound: { status: 404, body: { message: 'no Route matched with those values' } },
};

/** Answers to a successful registration. */
const REGISTERED: Partial<Record<RegistrationForm, (hub: Hub, address: string) => Omit<Reply, 'status'> & { status?: number }>> =
  {
    noId: ({ callback }) => ({ body: { callback } }),
    empty: () => ({ status: 200 }),
    noContent: () => ({ status: 204 }),
    location: ({ id }, address) => ({ headers: { Location: `${address}/${id}` } }),
    list: (hub) => ({ status: 200, body: [hub] }),
    wrapped: (hub) => ({ status: 200, body: { data: hub } }),
  };

/** The hub resource: creates and deletes subscriptions; reading one, or a list, depends on the provider. */
export function hubs(desk: TmfProvider, readable: boolean): Resource {
  return (request, [id]) => {
    const { events } = desk;
    if (request.method === 'POST' && !id) return subscribe(desk, request);
    if (request.method === 'GET' && !id && events.listed) return { status: 200, body: events.hubs() };
    const known = events.hubs().find((h) => h.id === id);
    if (!known) return refuse(desk, 404, 'Not found', `There is no subscription ${id ?? ''}.`);
    if (request.method === 'DELETE') {
      events.unsubscribe(known.id);
      return { status: 204 };
    }
    return request.method === 'GET' && readable ? { status: 200, body: known } : notAllowed(desk, request);
  };
}

function subscribe(desk: TmfProvider, request: Request): Reply {
  const { events } = desk;
  const replacement = REPLACEMENTS[events.form];
  if (replacement) return replacement;
  const body = json(request);
  if (typeof body?.callback !== 'string' || !URL.canParse(body.callback))
    return refuse(desk, 400, 'Bad request', 'callback is required.');
  if (desk.version === 'v5' && !body['@type']) return refuse(desk, 400, 'Bad request', '@type is required.');
  const { callback } = body;
  const existing = events.form.startsWith('conflict') && events.hubs().find((hub) => hub.callback === callback);
  if (existing) {
    const conflict = refuse(desk, 409, 'Conflict', 'A subscription for this callback already exists.');
    return events.form === 'conflict' ? conflict : { ...conflict, body: { ...(conflict.body as object), id: existing.id } };
  }
  const hub = events.subscribe(callback, typeof body.query === 'string' ? body.query : undefined);
  return { status: 201, ...(REGISTERED[events.form]?.(hub, request.path) ?? { body: hub }) };
}
