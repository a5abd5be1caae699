import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Permission } from '../../nodes/kit/rights.js';

/** Every route of ours in Node-RED's admin API and who may use it; `anyone` where there is nothing to see. */
export const RIGHTS: Record<string, Permission | 'anyone'> = {
  'GET page': 'anyone',
  'GET page/page.js': 'anyone',
  'GET page/page.css': 'anyone',
  'GET page/labels': 'anyone',
  'GET access': 'switchboard.read',
  'GET messages': 'switchboard.read',
  'GET messages/:id': 'switchboard.read',
  'GET counts': 'switchboard.read',
  'GET waits': 'switchboard.read',
  'GET health': 'switchboard.read',
  'GET health/live': 'switchboard.read',
  'GET health/ready': 'switchboard.read',
  'GET endpoints': 'switchboard.read',
  'GET endpoints/deleted': 'switchboard.read',
  'GET endpoints/misconfigured': 'switchboard.read',
  'GET unmapped': 'switchboard.read',
  'GET audit': 'switchboard.read',
  'POST audit/export': 'switchboard.export',
  'GET conversations': 'switchboard.read',
  'GET conversations/:id': 'switchboard.read',
  'POST conversations/:id/fixture': 'switchboard.export',
  'GET presets': 'switchboard.read',
  'GET presets/:name': 'switchboard.read',
  'GET mappings/fields': 'switchboard.read',
  'GET mappings/samples': 'switchboard.read',
  'GET mappings/samples/:id': 'switchboard.read',
  'POST mappings/preview': 'switchboard.read',
  'POST mappings/values': 'switchboard.read',
  'POST mappings/changes': 'switchboard.read',
  'POST routes/preview': 'switchboard.read',
  'POST bulk': 'switchboard.write',
  'POST messages/:id/replay': 'switchboard.write',
  'POST messages/:id/edit': 'switchboard.write',
  'POST messages/:id/skip': 'switchboard.write',
  'POST messages/:id/seen': 'switchboard.write',
  'POST messages/:id/undo': 'switchboard.write',
  'POST deliveries/:id/replay': 'switchboard.write',
  'POST deliveries/:id/sendAgain': 'switchboard.write',
  'POST deliveries/:id/edit': 'switchboard.write',
  'POST deliveries/:id/skip': 'switchboard.write',
  'POST deliveries/:id/seen': 'switchboard.write',
  'POST deliveries/:id/undo': 'switchboard.write',
  'POST endpoints/:id/suspend': 'switchboard.write',
  'POST endpoints/:id/resume': 'switchboard.write',
  'POST endpoints/:id/renewSecret': 'switchboard.write',
  'POST unmapped/forget': 'switchboard.write',
  'POST people/preview': 'switchboard.write',
  'POST people/erase': 'switchboard.write',
  'POST conversations/:id/preview': 'switchboard.write',
  'POST conversations/:id/apply': 'switchboard.write',
  'POST conversations/:id/undo': 'switchboard.write',
  'POST endpoints/:id/test': 'flows.write',
  'POST endpoints/:id/typed/:list': 'flows.write',
  'POST endpoints/:id/lists/:list': 'flows.write',
};

/** The address of a route below the admin root, with something in the place of its parameters. */
export function addressOf(route: string): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ');
  const presets = path
    .replace(':name', encodeURIComponent('TMF621 v4 trouble ticket'))
    .replace('typed/:list', 'typed/tables')
    .replace('lists/:list', 'lists/fields');
  const id = /^endpoints/.test(path) ? 'sn1' : /^deliveries/.test(path) ? 'd9' : 'm1';
  const query = path.startsWith('mappings/') ? '?system=tmf621&entityType=troubleTicket&version=v4&direction=in' : '';
  return { method, path: `switchboard/${presets.replace('samples/:id', 'samples/example').replace(':id', id)}${query}` };
}

/** A node set that lists the routes which really are there, at `routes`; put into the user folder of a Node-RED before it starts. */
export function listRoutes(folder: string): void {
  mkdirSync(join(folder, 'nodes'), { recursive: true });
  writeFileSync(join(folder, 'nodes', 'routes.html'), '<script></script>\n');
  writeFileSync(
    join(folder, 'nodes', 'routes.js'),
    `module.exports = (RED) => RED.httpAdmin.get('/routes', (_req, res) => res.json(
      RED.httpAdmin._router.stack.filter(({ route }) => String(route?.path).startsWith('/switchboard'))
        .flatMap(({ route }) => Object.keys(route.methods).map((m) => m.toUpperCase() + ' ' + route.path.replace('/switchboard/', '')))));\n`,
  );
}
