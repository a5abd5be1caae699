import type { ConnectionOptions } from 'node:tls';
import { errors, Pool } from 'undici';
import { HEADER_BYTES } from '../budgets.js';
import type { Egress } from './egress.js';
import type { PaceLimits } from './pace.js';
import { type HttpProxy, type ProxyRules, proxyFor } from './proxy.js';
import { proxyConnector, tunnelConnector } from './proxy-connection.js';

/**
 * Idle milliseconds after which a connection is closed, unless the server announces a shorter time (Keep-Alive header). Servers
 * that announce none keep it longer (Tomcat 20 s, Jetty 30 s, load balancers 60 s), so that a request rarely meets a connection
 * that is being closed.
 */
const IDLE = 15_000;

export interface TransportOptions {
  /** Maximum number of connections per origin. */
  connections: number;
  /** Milliseconds for a whole request, and for each silence within a streamed answer. */
  timeout: number;
  /** Where requests may go. */
  egress: Egress;
  /** The slowest transfer of a file. */
  filePace: PaceLimits;
  proxies?: ProxyRules;
  tls?: ConnectionOptions;
}

/** The connections to one origin. `forwarder`: the proxy that gets its requests, where there is no tunnel through it. */
export interface Route {
  pool: Pool;
  forwarder?: HttpProxy;
}

/** The connections of one client, by origin. */
export class Routes {
  private readonly routes = new Map<string, Route>();
  private closed = false;

  constructor(private readonly options: TransportOptions) {}

  /** Throws RefusedAddress if no request may go there. */
  to(url: URL): Route {
    this.options.egress.admit(url);
    const { origin } = url;
    let route = this.routes.get(origin);
    if (!route) {
      route = this.make(new URL(origin));
      this.routes.set(origin, route);
      if (this.closed) route.pool.destroy();
    }
    return route;
  }

  private make(target: URL): Route {
    const { connections, timeout, tls, egress } = this.options;
    // Exchange measures the time: undici's timers are coarse, and none is about the whole request.
    const options = {
      connections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE,
      maxHeaderSize: HEADER_BYTES,
    };
    const proxy = proxyFor(target, this.options.proxies);
    if (!proxy) return { pool: new Pool(target, { ...options, connect: { ...tls, timeout, lookup: egress.lookup(target) } }) };
    if (target.protocol === 'https:')
      return { pool: new Pool(target, { ...options, connect: tunnelConnector(proxy, { timeout, tls }) }) };
    return { pool: new Pool(proxy.url.origin, { ...options, connect: proxyConnector(proxy, timeout) }), forwarder: proxy };
  }

  /** Closes all connections; pending requests and later ones fail. */
  close(): void {
    this.closed = true;
    for (const { pool } of this.routes.values()) pool.destroy(new errors.ClientDestroyedError());
  }
}
