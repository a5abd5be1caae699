/**
 * Says of credentials that were never set that they are empty. The editor leaves them out, compares that with the dialog's empty field, and
 * takes it for a change: looking at a node would then ask for a deploy.
 */
export function settleCredentials(node: EditorNode<unknown>): void {
  node.credentials ??= {};
  const kept = node.credentials;
  for (const [name, { type }] of Object.entries(node._def.credentials ?? {})) {
    const key = type === 'password' ? `has_${name}` : name;
    kept[key] ??= type === 'password' ? false : '';
  }
}
