import { presets } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { say } from '../../src/text/say.js';
import { type AdminRoutes, NotFoundError } from '../kit/admin-routes.js';

/** For the mapping dialog: `GET switchboard/presets` lists the shipped mappings, `GET switchboard/presets/<name>` returns one. */
export function servePresets(routes: AdminRoutes): void {
  routes.settings('presets', () => presets().map(heading));
  routes.settings('presets/:name', ({ params }) => {
    const found = presets().find((preset) => preset.name === params.name);
    if (found) return found;
    throw new NotFoundError(say`There is no preset "${params.name}".`);
  });
}

function heading({ name, system, entityType, version }: Mapping) {
  return { name, system, entityType, version };
}
