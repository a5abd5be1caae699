/** One field of a way to sign in. Runs in the browser too. */
export interface SignInField {
  name: string;
  /** Secrets are kept in Node-RED's credentials and never shown again; credentials are kept there too, and shown; settings stand in the flow file. */
  kept: 'secret' | 'credential' | 'setting';
  /** May stay empty. */
  optional?: boolean;
  icon: string;
}

/**
 * A way to prove who we are. `endpoint.authKind.<id>` is its label, `endpoint.<field>` those of its fields. The usual ways of HTTP APIs are below; a system
 * may have one of its own, and says in system.ts what it makes of the fields.
 */
export interface SignInMethod {
  id: string;
  fields: readonly SignInField[];
}

const field = (name: string, kept: SignInField['kept'], icon: string, optional = false): SignInField => ({
  name,
  kept,
  icon,
  ...(optional && { optional }),
});

const TOKEN_URL = field('tokenUrl', 'setting', 'fa-link');
const CLIENT = [field('clientId', 'credential', 'fa-id-card-o'), field('clientSecret', 'secret', 'fa-key', true)];
const REFRESH_TOKEN = field('refreshToken', 'secret', 'fa-refresh');
const USER = [field('user', 'credential', 'fa-user'), field('password', 'secret', 'fa-key', true)];
const SCOPE = field('scope', 'setting', 'fa-crosshairs', true);

/** The ways to sign in that HTTP APIs have in common, in the order people choose from. */
export const HTTP_SIGN_IN = {
  none: { id: 'none', fields: [] },
  basic: { id: 'basic', fields: USER },
  bearer: { id: 'bearer', fields: [field('token', 'secret', 'fa-key')] },
  apiKey: { id: 'apiKey', fields: [field('apiKey', 'secret', 'fa-key'), field('apiKeyHeader', 'setting', 'fa-header')] },
  oauthClientCredentials: { id: 'oauthClientCredentials', fields: [TOKEN_URL, ...CLIENT, SCOPE] },
  oauthPassword: { id: 'oauthPassword', fields: [TOKEN_URL, ...CLIENT, ...USER, SCOPE] },
  oauthRefreshToken: { id: 'oauthRefreshToken', fields: [TOKEN_URL, ...CLIENT, REFRESH_TOKEN, SCOPE] },
} as const satisfies Record<string, SignInMethod>;

export const HTTP_SIGN_IN_METHODS: readonly SignInMethod[] = Object.values(HTTP_SIGN_IN);

/** Every field of these ways, each once, in the order of the dialog. */
export function fieldsOf(methods: readonly SignInMethod[]): SignInField[] {
  const found = new Map<string, SignInField>();
  const inOrder = [TOKEN_URL, ...CLIENT, REFRESH_TOKEN, ...USER];
  const named = new Set(methods.flatMap((method) => method.fields.map(({ name }) => name)));
  for (const one of inOrder) if (named.has(one.name)) found.set(one.name, one);
  for (const one of methods.flatMap((method) => method.fields))
    if (one !== SCOPE && !found.has(one.name)) found.set(one.name, one);
  // Last, because hardly anybody needs it.
  if (named.has(SCOPE.name)) found.set(SCOPE.name, SCOPE);
  return [...found.values()];
}
