import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkHost, checkSameOrigin } from '../http/browser-guard.js';

/*
 * An admin API where nobody signs in. Node-RED's own routes take what a page of any site sends (a deploy is one form away, and 4.1 lets such a
 * page read, too), so that on loopback a person's browser must not be taken for the person.
 */

type Next = (error?: unknown) => void;
export type Handler = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** The admin app for our own pages and for programs. For what another site's page sends it is not there: the request goes on to the flows' paths. */
export function forOwnPages(admin: Handler): Handler {
  return (req, res, next) => {
    if (foreign(req) !== undefined) next();
    else admin(req, res, next);
  };
}

/** Stands last: says why to those whom the admin app did not take. */
export const sayForeign: Handler = (req, res, next) => {
  const reason = foreign(req);
  if (reason === undefined) return next();
  res.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' }).end(reason);
};

/** The editor's live channel, `path`, is for its own page only: it carries what debug nodes print. */
export function guardChannel(server: Server, path: string): void {
  server.prependListener('upgrade', (req: IncomingMessage, socket: Duplex) => {
    // Node-RED's own listener leaves a socket alone that is closed.
    if ((req.url ?? '').split('?')[0] === path && foreign(req) !== undefined) socket.destroy();
  });
}

/** Why a request is not one of our own pages or of a program; undefined where it is. */
function foreign({ headers, method }: IncomingMessage): string | undefined {
  try {
    checkHost(headers);
    // A link in a mail or on another page may lead here; a frame may not.
    const link = method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    if (!link) checkSameOrigin(headers);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
