import type { Readable } from 'node:stream';

/** Credentials and method of authentication towards one partner. */
export type Auth =
  | { kind: 'none' }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'apiKey'; header: string; key: string }
  | { kind: 'oauthClientCredentials'; tokenUrl: string; clientId: string; clientSecret: string; scope?: string }
  | {
      kind: 'oauthPassword';
      tokenUrl: string;
      clientId: string;
      clientSecret: string;
      user: string;
      password: string;
      scope?: string;
    }
  | { kind: 'oauthRefreshToken'; tokenUrl: string; clientId: string; clientSecret: string; refreshToken: string; scope?: string };

export interface HttpOptions {
  /** Name of the endpoint, for errors. */
  name: string;
  baseUrl: string;
  auth: Auth;
  /** Milliseconds for one whole request. */
  timeout: number;
  /** Requests per second, 0 = no limit. */
  rateLimit: number;
  /** Requests at the same time. */
  concurrency: number;
  /** Most bytes of a JSON answer (default 20 MiB). */
  maxBytes?: number;
  /** The wall clock. */
  clock?: () => number;
  /** What nobody sets (src/steady-clock.ts): for tokens, the rate, and how long things take. */
  steady?: () => number;
  tls?: { ca?: string; cert?: string; key?: string; passphrase?: string; servername?: string; rejectUnauthorized?: boolean };
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the base URL, or an absolute URL of the same origin. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string, Buffer or stream as it is (give a Content-Type). */
  body?: unknown;
  /** `stream` gives the answer's body as a Readable, not limited in size. */
  as?: 'json' | 'stream';
  /** What this request does, in words for errors and the attempts list: `create incident`. */
  what: string;
}

export interface HttpAnswer<T = unknown> {
  status: number;
  headers: Record<string, string | undefined>;
  /** Parsed JSON; undefined for an empty body. */
  body: T;
}

export interface HttpClient {
  readonly name: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Something that proves who asks is sent with each request: a user name, a key, a token. */
  readonly signsIn: boolean;
  /** Milliseconds by which the partner's clock is ahead of ours, to about half a second; negative where it is behind, undefined until an answer has told. */
  readonly clockAhead: number | undefined;
  /** Fetches the token to sign in with, where there is to be one; throws PartnerError when there is none. */
  signIn(): Promise<void>;
  /** Resolves for 2xx; else throws PartnerError, classed by src/http/failure.ts, with all secrets masked. */
  request(request: HttpRequest & { as: 'stream' }): Promise<HttpAnswer<Readable>>;
  request<T = unknown>(request: HttpRequest): Promise<HttpAnswer<T>>;
  /** Ends keep-alive connections; requests under way fail. */
  close(): void;
}
