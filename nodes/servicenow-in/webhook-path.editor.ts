const TYPE = 'switchboard-servicenow-in';

/** Two nodes on one path would take each other's webhooks. */
export function pathTaken(id: string, path: string): boolean {
  let taken = false;
  const wanted = normal(path);
  RED.nodes.eachNode((node) => {
    if (node.type === TYPE && node.id !== id && node.webhook && !node.d && normal(String(node.path ?? '')) === wanted)
      taken = true;
  });
  return taken;
}

/** A path for a new node: unguessable it need not be, because the secret protects it; but no two may be the same. */
export function freePath(id: string): string {
  return `switchboard/servicenow-${id.slice(0, 6)}`;
}

function normal(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
