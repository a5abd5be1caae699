import type { NodeAPI } from 'node-red';
import type { Mapping } from '../../src/mapping/mapping.js';
import { presets } from '../../src/mapping/presets/index.js';

interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}
type App = { get(path: string, ...handlers: unknown[]): void };

/** For the mapping's dialog: `GET switchboard/presets` lists the mappings that ship, `GET switchboard/presets/<name>` gives one. */
export function servePresets(RED: NodeAPI): void {
  const app = RED.httpAdmin as unknown as App;
  const mayRead = RED.auth.needsPermission('switchboard.read');
  app.get('/switchboard/presets', mayRead, (_req: unknown, res: Response) => res.json(presets.map(heading)));
  app.get('/switchboard/presets/:name', mayRead, (req: { params: { name: string } }, res: Response) => {
    const found = presets.find((preset) => preset.name === req.params.name);
    if (found) res.json(found);
    else res.status(404).json({ code: 'SWB_CONFIG', message: `There is no mapping «${req.params.name}» among those that ship.` });
  });
}

function heading({ name, system, entityType, version }: Mapping) {
  return { name, system, entityType, version };
}
