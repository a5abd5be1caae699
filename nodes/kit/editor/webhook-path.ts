import { FORMS } from '../../../src/endpoints/forms.js';

/** Node types that can receive webhooks. */
const TYPES = new Set(FORMS.filter(({ receive }) => receive.webhook).map(({ id }) => `switchboard-${id}-in`));

/** Whether another node uses the path: two nodes on one path would receive each other's webhooks. */
export function pathTaken(id: string, path: string): boolean {
  let taken = false;
  const wanted = normalize(path);
  RED.nodes.eachNode((node) => {
    if (TYPES.has(node.type) && node.id !== id && node.webhook && !node.d && normalize(String(node.path ?? '')) === wanted)
      taken = true;
  });
  return taken;
}

/** A unique path for a new node. It may be guessable, because the secret protects it. */
export function newPath(system: string, id: string): string {
  return `switchboard/${system}-${id.slice(0, 6)}`;
}

function normalize(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
