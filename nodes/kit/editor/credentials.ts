import { asEdited } from './validate.js';

type Kinds = Record<string, { type: 'text' | 'password' }>;

/**
 * Credentials of a node, of which some must be entered, with all that Node-RED needs to mark those that are not: the field in the dialog,
 * and the node in the workspace. `isRequired`: by the node's settings.
 */
export function checkedCredentials<Config>(kinds: Kinds, isRequired: (name: string, node: Config) => boolean) {
  const checked = Object.entries(kinds).map(([name, kind]) => {
    const validate: Validator<Config> = function (value, _options) {
      return !isRequired(name, asEdited(this)) || isEntered(this, name, value) || this._def._('invalid.missing');
    };
    return [name, { ...kind, validate }];
  });
  return {
    credentials: Object.fromEntries(checked) as never,
    // Node-RED looks for values here when it validates the credentials of nodes in the workspace, and without it does not validate them.
    _creds: {},
  };
}

/** `value`: of the field; undefined outside of the dialog, where the editor knows a node's credentials only after it was opened. */
function isEntered({ credentials }: EditorNode<unknown>, name: string, value: string | undefined): boolean {
  if (value !== undefined) return value !== '';
  return !credentials || Boolean(credentials[name] || credentials[`has_${name}`]);
}

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
