import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { say } from '../text/say.js';
import { reasonOf } from './failure.js';
import type { HttpProxy } from './proxy.js';

/** The proxy failed, not the partner: the request did not reach the partner. */
export class ProxyError extends Error {
  readonly code = 'ERR_PROXY';

  constructor(
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The proxy cannot be reached. */
function unreachable({ url }: HttpProxy, error: NodeJS.ErrnoException): ProxyError {
  const reason = reasonOf(error.code ?? '', error.message);
  const hint = say`Check that the proxy runs, and its URL. The request will be retried.`;
  return new ProxyError(say`the proxy ${url.host} could not be reached: ${reason}`, hint, { cause: error });
}

/** The proxy does not forward a request. */
export function refusal({ url, authorization }: HttpProxy, status: number): ProxyError {
  if (status !== 407) {
    const hint = say`Check that the proxy may reach the partner; its operator can see why it did not. The request will be retried.`;
    return new ProxyError(say`the proxy ${url.host} itself answered ${status} and did not connect to the partner`, hint);
  }
  return authorization === undefined
    ? new ProxyError(
        say`the proxy ${url.host} requires credentials (407)`,
        say`Add the user name and password of the proxy to its configuration. The request will be retried.`,
      )
    : new ProxyError(
        say`the proxy ${url.host} rejected its credentials (407)`,
        say`Check the user name and password in the configuration of the proxy. The request will be retried.`,
      );
}

/** Connects to a proxy that forwards requests to http addresses itself. `timeout`: milliseconds. */
export function proxyConnector(proxy: HttpProxy, timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout });
  return (target, callback) =>
    connect(target, (...result) => {
      const [error] = result;
      if (error) callback(unreachable(proxy, error), null);
      else callback(...result);
    });
}

/**
 * Connects to https addresses through a tunnel (CONNECT, RFC 9110 §9.3.6): the partner's certificate is checked as ever, and the
 * proxy sees only the partner's host name. `timeout`: milliseconds.
 */
export function tunnelConnector(
  proxy: HttpProxy,
  { timeout, tls }: { timeout: number; tls?: buildConnector.BuildOptions },
): buildConnector.connector {
  const connect = buildConnector({ ...tls, timeout });
  return (target, callback) => {
    openTunnel(proxy, `${target.host}${target.port ? '' : ':443'}`, timeout).then(
      (httpSocket) => connect({ ...target, httpSocket }, callback),
      (error: Error) => callback(error, null),
    );
  };
}

/** A connection to an authority (`host:port`) through a proxy. */
function openTunnel(proxy: HttpProxy, authority: string, timeout: number): Promise<Socket> {
  const { url, authorization } = proxy;
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const connecting = request({
      method: 'CONNECT',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      ...(url.port && { port: url.port }),
      path: authority,
      headers: { Host: authority, ...(authorization && { 'Proxy-Authorization': authorization }) },
      agent: false,
      timeout,
    });
    connecting.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket as Socket);
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(refusal(proxy, statusCode));
    });
    connecting.once('timeout', () => connecting.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    connecting.once('error', (error) => reject(unreachable(proxy, error)));
    connecting.end();
  });
}
