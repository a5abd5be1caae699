/**
 * Sets credentials that were never entered to empty. The editor omits them, compares that with the dialog's empty field, and
 * treats it as a change: opening a node's dialog would then require a deploy.
 */
export function fillEmptyCredentials(node: EditorNode<unknown>): void {
  node.credentials ??= {};
  const { credentials } = node;
  for (const [name, { type }] of Object.entries(node._def.credentials ?? {})) {
    const key = type === 'password' ? `has_${name}` : name;
    credentials[key] ??= type === 'password' ? false : '';
  }
}
