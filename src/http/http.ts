import type { Readable } from 'node:stream';
import type { AllowedHost } from './allowed-hosts.js';
import type { Resolve } from './egress.js';
import type { FileContent } from './file-content.js';
import type { PaceLimits } from './pace.js';
import type { ProxyRules } from './proxy.js';

/** Authentication method and credentials for one partner. */
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
  | {
      /** The system has a request of its own to sign in, e.g. Remedy's for an AR-JWT. */
      kind: 'session';
      /** Sent without credentials; a path below the base URL. */
      request: HttpRequest;
      /** Reads the response: the headers of all other requests, and how long they are valid, in milliseconds. Undefined if it contains no session. */
      read(text: string): { headers: Record<string, string>; validFor?: number } | undefined;
      /** Texts that must never be shown, beside the headers. */
      secrets: readonly string[];
    }
  | { kind: 'oauthRefreshToken'; tokenUrl: string; clientId: string; clientSecret: string; refreshToken: string; scope?: string };

/** Keeps the refresh tokens that partners issue in place of the entered ones, by names that identify these. */
export interface TokenKeeper {
  read(name: string): Promise<string | undefined>;
  /** Resolves once the token is durable. */
  write(name: string, token: string): Promise<void>;
}

export interface HttpOptions {
  /** Name of the endpoint, for error messages. */
  name: string;
  baseUrl: string;
  auth: Auth;
  /** Time-out of a whole request in milliseconds; of a file: of the request without it, and for each pause in it. */
  timeout: number;
  /** Requests per second, 0 = no limit. */
  rateLimit: number;
  /** Maximum number of concurrent requests; files have slots of their own. */
  concurrency: number;
  /** Longest wait that a Retry-After header can ask for, milliseconds (default 1 hour). */
  maxRetryAfter?: number;
  /** Wait after the first 429 without Retry-After, milliseconds (default 2 s); it is longer after each further one. */
  retryDelay?: number;
  /** Maximum size of a JSON answer in bytes (default 20 MiB). */
  maxBytes?: number;
  /** The slowest transfer of a file (default: src/budgets.ts). */
  filePace?: PaceLimits;
  /** Texts that must never be shown, beside those of `auth`. */
  secrets?: readonly string[];
  /** Keeps refresh tokens; undefined: not yet, so that they are kept later. */
  refreshTokens?: () => TokenKeeper | undefined;
  /** The wall clock. */
  clock?: () => number;
  /** The steady clock (src/steady-clock.ts): for token expiry, the rate limit and durations. */
  steady?: () => number;
  /**
   * Called immediately before each request other than GET is sent, but not before requests for a token. If it throws, nothing is
   * sent, and the request fails with the same error.
   */
  mayWrite?: () => Promise<void> | undefined;
  /** Hosts that have files of the partner, beside the one of the base URL. */
  allowedHosts?: readonly AllowedHost[];
  /** Default: the resolver of the operating system. */
  resolve?: Resolve;
  /** Default: no proxy. */
  proxies?: ProxyRules;
  tls?: { ca?: string; cert?: string; key?: string; passphrase?: string; servername?: string; rejectUnauthorized?: boolean };
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the base URL, or an absolute URL of the same origin. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string, Buffer or stream is sent unchanged (set a Content-Type). */
  body?: unknown;
  /** `stream` returns the body of a success as a Readable without a size limit; it must keep a pace (src/budgets.ts). */
  as?: 'json' | 'stream';
  /** A description of the request for error messages and the list of attempts: `create incident`. */
  what: string;
}

export interface HttpAnswer<T = unknown> {
  status: number;
  headers: Record<string, string | undefined>;
  /** Parsed JSON; undefined for an empty body. */
  body: T;
  /** Characters of the body; absent where it is streamed. */
  size?: number;
}

export interface HttpClient {
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Whether requests carry credentials: a user name, a key or a token. */
  readonly signsIn: boolean;
  /**
   * Milliseconds by which the partner's clock is ahead of ours, to about half a second; negative if it is behind, undefined until
   * an answer has shown it.
   */
  readonly clockAhead: number | undefined;
  /** Fetches the OAuth token, if one is used; throws PartnerError if that fails. */
  signIn(): Promise<void>;
  /** Resolves for 2xx; otherwise throws a PartnerError, classified by src/http/failure.ts, with all secrets masked. */
  request(request: HttpRequest & { as: 'stream' }): Promise<HttpAnswer<Readable>>;
  request<T = unknown>(request: HttpRequest): Promise<HttpAnswer<T>>;
  /**
   * Streams a file from an address that the partner named, absolute or relative to the base URL; `what` as in a request. Credentials
   * go only to the origin of the base URL. Throws SWB_ADDRESS if the settings do not allow the host.
   */
  file(address: string, what: string): Promise<FileContent>;
  /** A text with all secrets masked: of an answer that is quoted. */
  mask(text: string): string;
  /** Closes keep-alive connections; pending requests fail. */
  close(): void;
}
