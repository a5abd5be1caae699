import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SwitchboardError } from '../errors.js';

/** Node-RED's settings (nodered.org/docs/user-guide/runtime/configuration), as far as they are looked at here; all others are handed on. */
export interface UserSettings extends Record<string, unknown> {
  adminAuth?: AdminAuth;
  https?: HttpsSetting | (() => HttpsSetting | Promise<HttpsSetting>);
  /** Hours between two calls of `https`, where that is a function. */
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
  /** What people may do who have not signed in. */
  default?: unknown;
}
export type HttpsSetting = Record<string, unknown> | Promise<Record<string, unknown>>;

/** The setting of a settings.js that makes people sign in. */
export const ADMIN_AUTH =
  "adminAuth: { type: 'credentials', users: [{ username: 'admin', password: '<hash>', permissions: '*' }] }";

/** Deprecated in Node-RED for long, in favour of adminAuth and httpNodeAuth. */
const REPLACED = ['httpAdminAuth', 'httpAuth'] as const;

/** Loads a settings.js as Node-RED would. Throws SWB_CONFIG when it cannot be read, or counts on something that is not honoured here. */
export function readSettings(file: string): UserSettings {
  const wrong = (what: string, hint: string, details: { field?: string; cause?: unknown } = {}) =>
    new SwitchboardError('SWB_CONFIG', what, { where: file, hint, ...details });
  const path = resolve(file);
  let settings: UserSettings;
  try {
    const loaded = createRequire(pathToFileURL(path))(path) as UserSettings & { default?: UserSettings };
    settings = loaded.default ?? loaded;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw wrong(`It cannot be loaded: ${reason}.`, 'Give --settings the path of a Node-RED settings file.', { cause: error });
  }
  if (typeof settings !== 'object' || settings === null || settings instanceof Promise)
    throw wrong('It exports no settings.', 'Write module.exports = { … }.');
  for (const name of REPLACED) {
    if (settings[name])
      throw wrong(`${name} is not supported.`, 'Use adminAuth for the editor, and httpNodeAuth for the paths of flows.', {
        field: name,
      });
  }
  const { adminAuth, uiHost } = settings;
  if (adminAuth !== undefined && !signsIn(adminAuth))
    throw wrong('Nobody could sign in with its adminAuth.', `It has to be like this: ${ADMIN_AUTH}.`, { field: 'adminAuth' });
  if (uiHost !== undefined && typeof uiHost !== 'string')
    throw wrong('uiHost is not text.', "Write an address or a name: uiHost: '127.0.0.1'.", { field: 'uiHost' });
  return { ...settings };
}

function signsIn(auth: AdminAuth): boolean {
  if (typeof auth !== 'object' || auth === null) return false;
  const { type, users, authenticate, strategy, tokens } = auth;
  if (type === 'credentials')
    return Boolean(authenticate) || typeof users === 'function' || (Array.isArray(users) && users.length > 0);
  return type === 'strategy' ? Boolean(strategy) : type === undefined && typeof tokens === 'function';
}

/** A root path with a slash at both ends, as Node-RED has it; false where it is switched off. */
export function rootOf(own: string | false | undefined, common: string | false | undefined): string | false {
  if (own === false || common === false) return false;
  return `/${own || common || ''}/`.replace(/\/+/g, '/');
}
