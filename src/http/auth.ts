import { say } from '../text/say.js';
import type { Authenticator } from './authenticator.js';
import { CachedToken } from './cached-token.js';
import { errorText } from './error-text.js';
import type { Auth, TokenKeeper } from './http.js';
import { IssuedSecrets } from './masking.js';
import { RefreshToken } from './refresh-token.js';
import { type SendPlain, SessionAuthenticator } from './session-auth.js';
import { type SignInAnswer, signInFailure } from './sign-in-failure.js';

/** Lifetime of a token without expires_in, which is optional (RFC 6749 §5.1); milliseconds. */
const DEFAULT_LIFETIME = 300_000;

/** Posts a form to the token endpoint; returns the status and the parsed body. */
export type PostForm = (
  url: string,
  form: Record<string, string>,
  clientId: string,
  clientSecret: string,
) => Promise<SignInAnswer & { body: unknown }>;

interface Token {
  value: string;
  /** By the steady clock. */
  expires: number;
  refreshToken?: string;
}

/** How tokens are requested, and where refresh tokens are kept. */
interface Exchanges {
  postForm: PostForm;
  sendPlain: SendPlain;
  refreshTokens?: () => TokenKeeper | undefined;
}

type OAuth = Extract<Auth, { tokenUrl: string }>;
type Session = Extract<Auth, { kind: 'session' }>;

/** `clock`: the steady clock. */
export function authenticator(
  name: string,
  auth: Auth,
  { postForm, sendPlain, refreshTokens }: Exchanges,
  clock: () => number,
): Authenticator {
  if ('tokenUrl' in auth) return new OAuthTokens(name, auth, postForm, clock, refreshTokens);
  if (auth.kind === 'session') return new SessionAuthenticator(name, auth, sendPlain, clock);
  const fixed = fixedHeaders(auth);
  return { headers: async () => fixed.headers, discardToken: () => false, secrets: () => fixed.secrets };
}

function fixedHeaders(auth: Exclude<Auth, OAuth | Session>): { headers: Record<string, string>; secrets: string[] } {
  switch (auth.kind) {
    case 'none':
      return { headers: {}, secrets: [] };
    case 'basic': {
      const encoded = Buffer.from(`${auth.user}:${auth.password}`).toString('base64');
      return { headers: { Authorization: `Basic ${encoded}` }, secrets: [auth.password, encoded] };
    }
    case 'bearer':
      return { headers: { Authorization: `Bearer ${auth.token}` }, secrets: [auth.token] };
    case 'apiKey':
      return { headers: { [auth.header]: auth.key }, secrets: [auth.key] };
  }
}

/** OAuth2 tokens (RFC 6749 §4.3, §4.4, §6): one request at a time, renewed early, refresh tokens rotated. */
class OAuthTokens implements Authenticator {
  private readonly token: CachedToken<Token>;
  /** The entered refresh token, or the ones that the partner has issued in its place. */
  private readonly rotating: RefreshToken | undefined;
  /** Of another grant, which can be repeated without it. */
  private refreshToken: string | undefined;
  private readonly issued = new IssuedSecrets();

  constructor(
    private readonly name: string,
    private readonly auth: OAuth,
    private readonly postForm: PostForm,
    clock: () => number,
    keeper?: () => TokenKeeper | undefined,
  ) {
    this.token = new CachedToken(() => this.fetch(), clock);
    if (auth.kind === 'oauthRefreshToken') this.rotating = new RefreshToken(name, auth, keeper);
  }

  async headers(): Promise<Record<string, string>> {
    const { value } = await this.token.get();
    return { Authorization: `Bearer ${value}` };
  }

  discardToken(): boolean {
    this.token.discard();
    return true;
  }

  secrets(): string[] {
    const { auth } = this;
    const own = auth.kind === 'oauthPassword' ? auth.password : auth.kind === 'oauthRefreshToken' ? auth.refreshToken : '';
    return [auth.clientSecret, own, ...this.issued.all].filter(Boolean);
  }

  private async fetch(): Promise<Token> {
    const { auth } = this;
    const scope: Record<string, string> = auth.scope ? { scope: auth.scope } : {};
    const refreshWith = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token, ...scope });
    if (this.rotating) {
      return this.rotating.exchange(async (token) => {
        this.issued.add(token);
        return this.read(await this.post(refreshWith(token)));
      });
    }
    const refresh = this.refreshToken ? refreshWith(this.refreshToken) : undefined;
    const first =
      auth.kind === 'oauthClientCredentials'
        ? { grant_type: 'client_credentials', ...scope }
        : auth.kind === 'oauthPassword'
          ? { grant_type: 'password', username: auth.user, password: auth.password, ...scope }
          : undefined;
    let answer = refresh ? await this.post(refresh) : undefined;
    if ((!answer || answer.status >= 400) && first) answer = await this.post(first);
    const token = this.read(answer);
    this.refreshToken = token.refreshToken ?? this.refreshToken;
    return token;
  }

  private post(form: Record<string, string>) {
    return this.postForm(this.auth.tokenUrl, form, this.auth.clientId, this.auth.clientSecret);
  }

  private read(answer: (SignInAnswer & { body: unknown }) | undefined): Token {
    const body = (answer?.body ?? {}) as {
      access_token?: unknown;
      expires_in?: number | string;
      refresh_token?: unknown;
      error?: unknown;
    };
    const status = answer?.status ?? 0;
    const token = status < 300 && typeof body.access_token === 'string' ? body.access_token : '';
    if (!token) {
      // Only an error response of the token endpoint itself (RFC 6749 §5.2) rejects the credentials: a gateway, a page or an
      // overloaded server does not.
      const refused = status === 401 || (status >= 400 && status < 500 && status !== 429 && body.error !== undefined);
      const words = answer?.body === undefined ? '' : errorText(JSON.stringify(answer.body));
      throw signInFailure(
        this.name,
        words
          ? say`The token endpoint returned ${status} without a token: ${words}.`
          : say`The token endpoint returned ${status} without a token.`,
        { status, retryAfter: answer?.retryAfter },
        refused ? this.refusedHint(body.error) : undefined,
      );
    }
    const refreshToken = typeof body.refresh_token === 'string' && body.refresh_token ? body.refresh_token : undefined;
    this.issued.add(token, ...(refreshToken ? [refreshToken] : []));
    const life = Number(body.expires_in) * 1000;
    const expires = this.token.expiry(Number.isFinite(life) && life > 0 ? life : DEFAULT_LIFETIME);
    return { value: token, expires, ...(refreshToken && { refreshToken }) };
  }

  private refusedHint(error: unknown): string {
    // The partner may have issued another one just before a crash, or has revoked them all (RFC 6749 §5.2).
    if (this.rotating && error === 'invalid_grant')
      return say`The refresh token is no longer valid. Have the partner issue a new one, and enter it in the endpoint’s settings.`;
    return say`Check the token URL, the client id and secret, and the user’s password in the endpoint’s settings.`;
  }
}
