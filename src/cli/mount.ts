import type { IncomingMessage } from 'node:http';
import type { ExpressApp, FoundNodeRed, NodeRed } from './node-red.js';
import { forOwnPages, guardChannel, type Handler, sayForeign } from './open-admin.js';
import type { WebServer } from './server.js';
import type { UserSettings } from './user-settings.js';

/** Where Node-RED's two apps are; false where one is not served. */
export interface Roots {
  admin: string | false;
  node: string | false;
}

/** Puts Node-RED's apps below their roots, in the order Node-RED itself has, protected as the settings say. */
export function mount(
  app: ExpressApp,
  { server }: WebServer,
  RED: NodeRed,
  found: FoundNodeRed,
  roots: Roots,
  { adminAuth, httpNodeAuth }: UserSettings,
): void {
  const open = !adminAuth || Boolean(adminAuth.default);
  const admin = unframed(RED.httpAdmin as Handler);
  if (roots.admin) app.use(roots.admin, open ? forOwnPages(admin) : admin);
  if (roots.admin && open) guardChannel(server, `${roots.admin}comms`);
  if (roots.node && httpNodeAuth) app.use(roots.node, nodeAuth(found, httpNodeAuth));
  if (roots.node) app.use(roots.node, RED.httpNode);
  if (roots.admin && open) app.use(roots.admin, sayForeign);
}

/** Nobody's page may put the editor under the pointer of a person who means to press something else. What flows serve is left as it is. */
function unframed(admin: Handler): Handler {
  return (req, res, next) => {
    res.setHeader('X-Frame-Options', 'SAMEORIGIN');
    admin(req, res, (error) => {
      res.removeHeader('X-Frame-Options');
      next(error);
    });
  };
}

/** Basic authentication for the flows' paths, with the modules Node-RED has for it, or what the settings bring. */
function nodeAuth(found: FoundNodeRed, auth: NonNullable<UserSettings['httpNodeAuth']>): unknown {
  if (typeof auth === 'function' || Array.isArray(auth)) return auth;
  const credentialsOf = found.own('basic-auth') as (req: IncomingMessage) => { name: string; pass: string } | undefined;
  const { compare } = found.own('bcryptjs') as { compare(password: string, hash: string): Promise<boolean> };
  /** Hashing takes long by design, and partners send the same password with every request. */
  let proven: string | undefined;
  const handler: Handler = (req, res, next) => {
    if (req.method === 'OPTIONS') return next();
    const given = credentialsOf(req);
    const right = given?.name !== auth.user ? false : given.pass === proven || compare(given.pass, auth.pass);
    Promise.resolve(right).then((yes) => {
      if (yes) {
        proven = given?.pass;
        return next();
      }
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="Authorization Required"' }).end('Unauthorized');
    }, next);
  };
  return handler;
}
