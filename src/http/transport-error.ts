import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { RefusedAddress } from './egress.js';
import type { ProxyError } from './proxy-connection.js';

/** The code of a request that could not be sent in time. */
export const ERR_LATE = 'ERR_LATE';
/** The answer exceeds a budget; the message says how, after "an answer that". */
export const ERR_TOO_LARGE = 'ERR_TOO_LARGE';

/** Settings of a request that axios does not know; it passes them on. */
export interface TransportConfig {
  /** A time of `performance.now()`: if the request cannot be sent by then, it fails unsent, with the code ERR_LATE. */
  startBy?: number;
}

export type RequestConfig = InternalAxiosRequestConfig & TransportConfig;

/** A request that got no complete answer. */
export class TransportError extends AxiosError {
  constructor(
    message: string,
    code: string,
    config: RequestConfig,
    /** It is certain that nothing of the request reached the partner. */
    readonly unsent: boolean,
    /** The proxy failed, or the partner’s host has an address that is refused. */
    readonly reason?: ProxyError | RefusedAddress,
  ) {
    super(message, code, config);
  }
}
