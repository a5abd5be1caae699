import assert from 'node:assert/strict';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { addressOf } from '../live/admin-routes.js';

/** Identifiers for which every route with a parameter is read. */
const IDS: Record<string, (url: string) => Promise<string[]>> = {
  messages: async (url) => (await get<MessageList>(`${url}/switchboard/messages`)).messages.map(({ id }) => id),
  conversations: async (url) =>
    (await get<ConversationList>(`${url}/switchboard/conversations`)).conversations.map(({ id }) => id),
  endpoints: async (url) => (await get<{ id: string }[]>(`${url}/switchboard/endpoints`)).map(({ id }) => id),
  'mappings/samples': async (url) => (await get<MessageList>(`${url}/switchboard/messages`)).messages.map(({ id }) => id),
};

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

/** Every answer that a reader can get: of all read routes of the running product, for all that is there, of health and of Node-RED itself. */
export async function everyAnswer(url: string, credentialTypes: Record<string, string>): Promise<[path: string, text: string][]> {
  const routes = await get<string[]>(`${url}/routes`);
  const paths = ['/health', '/health/live', '/health/ready', '/flows', '/settings', '/nodes'];
  for (const [id, type] of Object.entries(credentialTypes)) paths.push(`/credentials/${type}/${id}`);
  for (const route of routes.filter((one) => one.startsWith('GET '))) {
    const [kind = '', rest] = route.slice(4).split('/:id');
    const ids = rest === undefined ? undefined : await IDS[kind]?.(url);
    if (!ids) paths.push(`/${addressOf(route).path}`);
    for (const id of ids ?? []) paths.push(`/switchboard/${kind}/${id}${rest}`);
  }
  const answers = paths.map(async (path): Promise<[string, string]> => [path, await (await fetch(url + path)).text()]);
  return [...(await Promise.all(answers)), ...(await everyExport(url))];
}

/** What can be taken away, with all that it leaves out by default. */
async function everyExport(url: string): Promise<[path: string, text: string][]> {
  const exports: [path: string, body: object][] = [['/switchboard/audit/export', {}]];
  for (const id of (await IDS.conversations?.(url)) ?? [])
    for (const people of [true, false]) exports.push([`/switchboard/conversations/${id}/fixture`, { people }]);
  const headers = { 'Content-Type': 'application/json' };
  return Promise.all(
    exports.map(async ([path, body]): Promise<[string, string]> => {
      const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      assert.equal(answer.status, 200, path);
      return [`${path} ${JSON.stringify(body)}`, await answer.text()];
    }),
  );
}
