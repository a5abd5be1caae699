import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { HttpsSetting, UserSettings } from './user-settings.js';

const HOUR = 3_600_000;
/** Maximum interval of a timer, in hours. */
const MAX_INTERVAL = 596;

export interface WebServer {
  server: Server | SecureServer;
  port: number;
  /** Base URL without a trailing slash. */
  url: string;
  close(): Promise<void>;
}

/** Starts the server: over TLS if the settings contain `https`; its certificate is reloaded at `httpsRefreshInterval`. */
export async function serve(app: RequestListener, settings: UserSettings, host: string, port: number): Promise<WebServer> {
  const { https, httpsRefreshInterval } = settings;
  const certificate = async () => (await (typeof https === 'function' ? https() : https)) as Awaited<HttpsSetting> | undefined;
  const secure = await certificate();
  const server = secure ? createSecureServer(secure, app) : createServer(app);
  const listening = await listen(server, host, port);
  let refresh: NodeJS.Timeout | undefined;
  if (secure && typeof https === 'function' && httpsRefreshInterval) {
    refresh = setInterval(
      () => {
        // If the certificate cannot be read, the previous one stays in use.
        certificate().then(
          (next) => next && (server as SecureServer).setSecureContext(next),
          () => undefined,
        );
      },
      Math.min(Number(httpsRefreshInterval) || 12, MAX_INTERVAL) * HOUR,
    ).unref();
  }
  return {
    server,
    port: listening,
    url: `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    async close() {
      clearInterval(refresh);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function listen(server: Server | SecureServer, host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.removeListener('error', fail);
      const address = server.address();
      done(typeof address === 'object' && address ? address.port : port);
    });
  });
}
