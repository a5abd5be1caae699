import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SwitchboardError } from '../errors.js';

/** Node-RED's settings (nodered.org/docs/user-guide/runtime/configuration), as far as they are looked at here; all others are handed on. */
export interface UserSettings extends Record<string, unknown> {
  adminAuth?: { default?: unknown };
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
export type HttpsSetting = Record<string, unknown> | Promise<Record<string, unknown>>;

/** Protects nothing any more in `switchboard run`; the editor's users have been in adminAuth since Node-RED 0.10. */
const REPLACED = ['httpAdminAuth', 'httpAuth'] as const;

/** Loads a settings.js as Node-RED would. Throws SWB_CONFIG when it cannot be read, or counts on something that is not honoured here. */
export function readSettings(file: string): UserSettings {
  const path = resolve(file);
  let settings: UserSettings;
  try {
    const loaded = createRequire(pathToFileURL(path))(path) as UserSettings & { default?: UserSettings };
    settings = loaded.default ?? loaded;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new SwitchboardError('SWB_CONFIG', `It cannot be loaded: ${reason}.`, {
      where: file,
      hint: 'Give --settings the path of a Node-RED settings file.',
      cause: error,
    });
  }
  for (const name of REPLACED) {
    if (settings[name])
      throw new SwitchboardError('SWB_CONFIG', `${name} is not supported.`, {
        where: file,
        field: name,
        hint: 'Use adminAuth for the editor, and httpNodeAuth for the paths of flows.',
      });
  }
  return { ...settings };
}

/** A root path with a slash at both ends, as Node-RED has it; false where it is switched off. */
export function rootOf(own: string | false | undefined, common: string | false | undefined): string | false {
  if (own === false || common === false) return false;
  return `/${own || common || ''}/`.replace(/\/+/g, '/');
}
