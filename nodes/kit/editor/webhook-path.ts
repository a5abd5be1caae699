import { FORMS } from '../../../src/endpoints/forms.js';

/** Node types that may listen on a path of their own. */
const TYPES = new Set(FORMS.filter(({ receive }) => receive.webhook).map(({ id }) => `switchboard-${id}-in`));

/** Two nodes on one path would take each other's webhooks. */
export function pathTaken(id: string, path: string): boolean {
  let taken = false;
  const wanted = normal(path);
  RED.nodes.eachNode((node) => {
    if (TYPES.has(node.type) && node.id !== id && node.webhook && !node.d && normal(String(node.path ?? '')) === wanted)
      taken = true;
  });
  return taken;
}

/** A path for a new node: unguessable it need not be, because the secret protects it; but no two may be the same. */
export function freePath(system: string, id: string): string {
  return `switchboard/${system}-${id.slice(0, 6)}`;
}

function normal(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
