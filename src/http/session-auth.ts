import { say } from '../text/say.js';
import type { Authenticator } from './authenticator.js';
import { CachedToken } from './cached-token.js';
import { errorText } from './error-text.js';
import type { Auth, HttpRequest } from './http.js';
import { IssuedSecrets } from './masking.js';
import { type SignInAnswer, signInFailure } from './sign-in-failure.js';

/** Lifetime of a session whose response does not tell it, milliseconds. */
const DEFAULT_LIFETIME = 300_000;

/** Sends a request without credentials; returns the status and the body's text. */
export type SendPlain = (request: HttpRequest) => Promise<SignInAnswer & { text: string }>;

interface Session {
  headers: Record<string, string>;
  /** By the steady clock. */
  expires: number;
}

/** Signs in by a request of the system's own, and again when the session expires or is rejected. */
export class SessionAuthenticator implements Authenticator {
  private readonly session: CachedToken<Session>;
  private readonly issued = new IssuedSecrets();

  constructor(
    private readonly name: string,
    private readonly auth: Extract<Auth, { kind: 'session' }>,
    private readonly send: SendPlain,
    clock: () => number,
  ) {
    this.session = new CachedToken(() => this.signIn(), clock);
  }

  async headers(): Promise<Record<string, string>> {
    return (await this.session.get()).headers;
  }

  discardToken(): boolean {
    this.session.discard();
    return true;
  }

  secrets(): string[] {
    return [...this.auth.secrets, ...this.issued.all].filter(Boolean);
  }

  private async signIn(): Promise<Session> {
    const { text, ...answer } = await this.send(this.auth.request);
    const { status } = answer;
    const session = status < 300 ? this.auth.read(text) : undefined;
    // A partner may quote the token without the scheme in front of it.
    for (const value of Object.values(session?.headers ?? {})) this.issued.add(value, value.split(' ').at(-1) ?? '');
    if (session) return { headers: session.headers, expires: this.session.expiry(session.validFor ?? DEFAULT_LIFETIME) };
    const words = errorText(text);
    throw signInFailure(
      this.name,
      words
        ? say`Signing in returned ${status} without a session: ${words}.`
        : say`Signing in returned ${status} without a session.`,
      answer,
      status === 401 || status === 403 ? say`Check the credentials in the endpoint’s settings.` : undefined,
    );
  }
}
