import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SwitchboardError } from '../errors.js';

/**
 * The Node-RED settings that are used here (nodered.org/docs/user-guide/runtime/configuration); all others are passed to
 * Node-RED.
 */
export interface UserSettings extends Record<string, unknown> {
  adminAuth?: AdminAuth;
  https?: HttpsSetting | (() => HttpsSetting | Promise<HttpsSetting>);
  /** Hours between two calls of `https`, if that is a function. */
  httpsRefreshInterval?: number;
  httpRoot?: string | false;
  httpAdminRoot?: string | false;
  httpNodeRoot?: string | false;
  httpNodeAuth?: { user: string; pass: string } | unknown[] | ((...args: unknown[]) => void);
  httpStatic?: unknown;
  uiHost?: string;
  uiPort?: number | string;
  credentialSecret?: string | false;
  nodesDir?: string | string[];
}
/** How people sign in (nodered.org/docs/user-guide/runtime/securing-node-red). */
export interface AdminAuth {
  type?: string;
  users?: unknown;
  authenticate?: unknown;
  strategy?: unknown;
  tokens?: unknown;
  /** Permissions of users who are not signed in. */
  default?: unknown;
}
export type HttpsSetting = Record<string, unknown> | Promise<Record<string, unknown>>;

/** Example of the setting in settings.js that requires sign-in. */
export const ADMIN_AUTH =
  "adminAuth: { type: 'credentials', users: [{ username: 'admin', password: '<hash>', permissions: '*' }] }";

/** Long deprecated in Node-RED in favour of adminAuth and httpNodeAuth. */
const DEPRECATED = ['httpAdminAuth', 'httpAuth'] as const;

/**
 * Loads a settings.js in the same way as Node-RED. Throws SWB_CONFIG if it cannot be loaded, or uses a setting that is not
 * supported here.
 */
export function readSettings(file: string): UserSettings {
  const invalid = (what: string, hint: string, details: { field?: string; cause?: unknown } = {}) =>
    new SwitchboardError('SWB_CONFIG', what, { where: file, hint, ...details });
  const path = resolve(file);
  let settings: UserSettings;
  try {
    const loaded = createRequire(pathToFileURL(path))(path) as UserSettings & { default?: UserSettings };
    settings = loaded.default ?? loaded;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw invalid(
      `The settings file cannot be loaded: ${reason}.`,
      'Pass the path of a Node-RED settings file with --settings.',
      { cause: error },
    );
  }
  if (typeof settings !== 'object' || settings === null || settings instanceof Promise)
    throw invalid('The settings file exports no settings.', 'Add module.exports = { … }.');
  for (const name of DEPRECATED) {
    if (settings[name])
      throw invalid(`${name} is not supported.`, 'Use adminAuth for the editor and httpNodeAuth for the paths of flows.', {
        field: name,
      });
  }
  const { adminAuth, uiHost } = settings;
  if (adminAuth !== undefined && !allowsSignIn(adminAuth))
    throw invalid('Nobody can sign in with this adminAuth.', `It should look like this: ${ADMIN_AUTH}.`, { field: 'adminAuth' });
  if (uiHost !== undefined && typeof uiHost !== 'string')
    throw invalid('uiHost is not a string.', "Set an address or host name: uiHost: '127.0.0.1'.", { field: 'uiHost' });
  return { ...settings };
}

function allowsSignIn(auth: AdminAuth): boolean {
  if (typeof auth !== 'object' || auth === null) return false;
  const { type, users, authenticate, strategy, tokens } = auth;
  if (type === 'credentials')
    return Boolean(authenticate) || typeof users === 'function' || (Array.isArray(users) && users.length > 0);
  return type === 'strategy' ? Boolean(strategy) : type === undefined && typeof tokens === 'function';
}

/** A root path with a slash at both ends, as in Node-RED; false if it is disabled. */
export function rootOf(own: string | false | undefined, common: string | false | undefined): string | false {
  if (own === false || common === false) return false;
  return `/${own || common || ''}/`.replace(/\/+/g, '/');
}
