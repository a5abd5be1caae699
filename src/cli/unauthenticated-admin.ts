import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkHost, checkSameOrigin } from '../http/browser-guard.js';

/*
 * Protection of an admin API without sign-in. Node-RED's own routes accept requests from a page of any site (a form is enough to
 * deploy, and 4.1 also allows reads), so a request from a browser on this machine is not proof that the user sent it.
 */

type Next = (error?: unknown) => void;
export type Handler = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/**
 * Passes requests of our own pages and of programs to the admin app. Requests of another site's page skip it and continue to the
 * paths of flows.
 */
export function rejectForeignPages(admin: Handler): Handler {
  return (req, res, next) => {
    if (rejectionReason(req) !== undefined) next();
    else admin(req, res, next);
  };
}

/** The last handler: returns the reason for requests that the admin app did not accept. */
export const explainRejection: Handler = (req, res, next) => {
  const reason = rejectionReason(req);
  if (reason === undefined) return next();
  res.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' }).end(reason);
};

/** Restricts the editor's WebSocket at `path` to its own page: it carries the output of debug nodes. */
export function guardEditorChannel(server: Server, path: string): void {
  server.prependListener('upgrade', (req: IncomingMessage, socket: Duplex) => {
    // Node-RED's own listener ignores a closed socket.
    if ((req.url ?? '').split('?')[0] === path && rejectionReason(req) !== undefined) socket.destroy();
  });
}

/** Why a request is rejected; undefined if it comes from our own page or a program. */
function rejectionReason({ headers, method }: IncomingMessage): string | undefined {
  try {
    checkHost(headers);
    // A link in a mail or on another page may open ours; a frame may not.
    const link = method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
    if (!link) checkSameOrigin(headers);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
