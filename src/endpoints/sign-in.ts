/** A field of an authentication method. Runs in the browser too. */
export interface SignInField {
  name: string;
  /**
   * Secrets are stored in Node-RED's credentials and never shown again; credentials are stored there and shown; settings are
   * stored in the flow file.
   */
  kept: 'secret' | 'credential' | 'setting';
  /** May be empty. */
  optional?: boolean;
  icon: string;
}

/**
 * An authentication method. `endpoint.authKind.<id>` is its label, `endpoint.<field>` are the labels of its fields. The common
 * methods of HTTP APIs are below; a system may define its own and convert the fields in system.ts (`signInAs`).
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

/** The common authentication methods of HTTP APIs, in the order of the select. */
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

/** All fields of these methods without duplicates, in the order of the dialog. */
export function fieldsOf(methods: readonly SignInMethod[]): SignInField[] {
  const found = new Map<string, SignInField>();
  const inOrder = [TOKEN_URL, ...CLIENT, REFRESH_TOKEN, ...USER];
  const named = new Set(methods.flatMap((method) => method.fields.map(({ name }) => name)));
  for (const one of inOrder) if (named.has(one.name)) found.set(one.name, one);
  for (const one of methods.flatMap((method) => method.fields))
    if (one !== SCOPE && !found.has(one.name)) found.set(one.name, one);
  // Last, because it is rarely needed.
  if (named.has(SCOPE.name)) found.set(SCOPE.name, SCOPE);
  return [...found.values()];
}
