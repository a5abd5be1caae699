import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import type { Authenticator } from './authenticator.js';
import { CachedToken } from './cached-token.js';
import { errorText } from './error-text.js';
import type { Auth, HttpRequest } from './http.js';

/** Lifetime of a session whose response does not tell it, milliseconds. */
const DEFAULT_LIFETIME = 300_000;

/** Sends a request without credentials; returns the status and the body's text. */
export type SendPlain = (request: HttpRequest) => Promise<{ status: number; text: string }>;

interface Session {
  headers: Record<string, string>;
  /** By the steady clock. */
  expires: number;
}

/** Signs in by a request of the system's own, and again when the session expires or is rejected. */
export class SessionAuthenticator implements Authenticator {
  private readonly session: CachedToken<Session>;

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
    return [...this.auth.secrets, ...Object.values(this.session.latest?.headers ?? {})].filter(Boolean);
  }

  private async signIn(): Promise<Session> {
    const { status, text } = await this.send(this.auth.request);
    const session = status < 300 ? this.auth.read(text) : undefined;
    if (session) return { headers: session.headers, expires: this.session.expiry(session.validFor ?? DEFAULT_LIFETIME) };
    const refused = status === 401 || status === 403;
    const words = errorText(text);
    throw new PartnerError(
      refused ? 'SWB_PARTNER_AUTH' : 'SWB_PARTNER_UNAVAILABLE',
      words
        ? say`Signing in returned ${status} without a session: ${words}.`
        : say`Signing in returned ${status} without a session.`,
      {
        where: this.name,
        hint: refused
          ? say`Check the credentials in the endpoint’s settings.`
          : say`The request will be retried. If the error persists, check the base URL in the endpoint’s settings.`,
        outcome: 'notDone',
        retry: !refused,
      },
    );
  }
}
