import type { IncomingMessage } from 'node:http';
import type { ExpressApp, NodeRed, NodeRedInstallation } from './node-red.js';
import type { WebServer } from './server.js';
import { explainRejection, guardEditorChannel, type Handler, rejectForeignPages } from './unauthenticated-admin.js';
import type { UserSettings } from './user-settings.js';

/** The root paths of Node-RED's two apps; false for one that is not served. */
export interface Roots {
  admin: string | false;
  node: string | false;
}

/** Mounts Node-RED's apps at their root paths, in the same order as Node-RED, and protects them according to the settings. */
export function mount(
  app: ExpressApp,
  { server }: WebServer,
  RED: NodeRed,
  installation: NodeRedInstallation,
  roots: Roots,
  { adminAuth, httpNodeAuth }: UserSettings,
): void {
  const unauthenticated = !adminAuth || Boolean(adminAuth.default);
  const admin = withoutFraming(RED.httpAdmin as Handler);
  if (roots.admin) app.use(roots.admin, unauthenticated ? rejectForeignPages(admin) : admin);
  if (roots.admin && unauthenticated) guardEditorChannel(server, `${roots.admin}comms`);
  if (roots.node && httpNodeAuth) app.use(roots.node, nodeAuth(installation, httpNodeAuth));
  if (roots.node) app.use(roots.node, RED.httpNode);
  if (roots.admin && unauthenticated) app.use(roots.admin, explainRejection);
}

/** Prevents clickjacking: other sites may not show the editor in a frame. Responses of flows are unchanged. */
function withoutFraming(admin: Handler): Handler {
  return (req, res, next) => {
    res.setHeader('X-Frame-Options', 'SAMEORIGIN');
    admin(req, res, (error) => {
      res.removeHeader('X-Frame-Options');
      next(error);
    });
  };
}

/**
 * Authentication for the paths of flows: the middleware in the settings, or basic authentication with the modules of Node-RED.
 */
function nodeAuth(installation: NodeRedInstallation, auth: NonNullable<UserSettings['httpNodeAuth']>): unknown {
  if (typeof auth === 'function' || Array.isArray(auth)) return auth;
  const credentialsOf = installation.require('basic-auth') as (
    req: IncomingMessage,
  ) => { name: string; pass: string } | undefined;
  const { compare } = installation.require('bcryptjs') as { compare(password: string, hash: string): Promise<boolean> };
  /** The last accepted password: hashing is slow by design, and partners send the same password with every request. */
  let accepted: string | undefined;
  const handler: Handler = (req, res, next) => {
    if (req.method === 'OPTIONS') return next();
    const given = credentialsOf(req);
    const valid = given?.name !== auth.user ? false : given.pass === accepted || compare(given.pass, auth.pass);
    Promise.resolve(valid).then((isValid) => {
      if (isValid) {
        accepted = given?.pass;
        return next();
      }
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="Authorization Required"' }).end('Unauthorized');
    }, next);
  };
  return handler;
}
