import type { Node, NodeAPI } from 'node-red';
import { environmentValue } from '../../src/environment.js';
import { SwitchboardError } from '../../src/errors.js';
import { isHeaderName, isRequestPath } from '../../src/http/request-names.js';
import { say } from '../../src/text/say.js';
import { labelOf } from './labels.js';

const PLACEHOLDER = /\$\{([^}]+)\}/g;
const NOTHING_ELSE = /^\$\{[^}]+\}$/;
/** No setting is meant to be larger; as seconds or minutes, it is still a valid time. */
const LARGEST = 1e9;

/**
 * Fills in the placeholders of settings. Node-RED only replaces a `${NAME}` that is the whole value; here it may also be a part,
 * as in
 * `https://${HOST}/api`. The placeholder of a variable without a value stays, so that the code that needs the setting can report it.
 */
export function withEnvironment<Config extends object>(RED: NodeAPI, node: Node | null, config: Config): Config {
  const filled = { ...config } as Record<string, unknown>;
  for (const [name, value] of Object.entries(filled)) if (typeof value === 'string') filled[name] = fillIn(RED, node, value);
  return filled as Config;
}

/** Fills in the placeholders of credentials. A secret may contain anything: only one that is nothing but a placeholder is one. */
export function credentialsWithEnvironment<Credentials extends object>(
  RED: NodeAPI,
  node: Node | null,
  credentials: Credentials | undefined,
): Credentials {
  const placeholders = Object.entries(credentials ?? {}).filter(([, value]) => NOTHING_ELSE.test(String(value)));
  return { ...credentials, ...withEnvironment(RED, node, Object.fromEntries(placeholders)) } as Credentials;
}

function fillIn(RED: NodeAPI, node: Node | null, text: string): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = RED.util.evaluateNodeProperty(name, 'env', node as never, {});
    return value === undefined || value === '' ? (fromEnvironment(name) ?? placeholder) : String(value);
  });
}

/** Only the environment of the process names files: one in a flow would let whoever edits it read any file of this machine. */
function fromEnvironment(name: string): string | undefined {
  try {
    return environmentValue(name);
  } catch {
    return undefined; // whyMissing says why
  }
}

/** Why a variable has no value. */
function whyMissing(name: string): { what: string; hint?: string } {
  try {
    environmentValue(name);
  } catch (error) {
    return error as SwitchboardError;
  }
  return { what: say`The environment variable ${name} is not set.` };
}

/** Parses a number that is stored as text (so that `${ENV}` works); throws SWB_CONFIG if it is not a number from 0 to 1e9. */
export function numberSetting(
  RED: NodeAPI,
  text: string | number | undefined,
  fallback: string,
  name: string,
  where: string,
): number {
  const entered = text === undefined || text === '' ? fallback : String(text);
  const value = Number(entered);
  if (value >= 0 && value <= LARGEST) return value;
  throw new SwitchboardError(
    'SWB_CONFIG',
    value > LARGEST ? say`"${entered}" is too large.` : say`"${entered}" is not a number.`,
    {
      where,
      field: name,
      hint: say`Set "${labelOf(RED, name)}" to a number, or to \${NAME} of an environment variable that contains one.`,
    },
  );
}

/** A required setting; throws SWB_CONFIG if it is empty or its environment variable has no value. */
export function requiredSetting(RED: NodeAPI, text: string | undefined, name: string, where: string): string {
  const value = optionalSetting(RED, text, name, where);
  if (value) return value;
  throw missing(RED, { what: say`"${labelOf(RED, name)}" is missing.` }, name, where);
}

/** A setting that may be empty; throws SWB_CONFIG if its environment variable has no value. */
export function optionalSetting(RED: NodeAPI, text: string | undefined, name: string, where: string): string {
  const [placeholder] = text?.match(PLACEHOLDER) ?? [];
  if (!placeholder) return text ?? '';
  throw missing(RED, whyMissing(placeholder.slice(2, -1)), name, where);
}

/**
 * A setting with a fixed list of values; undefined where it is empty, as in flows saved before there was such a setting. Throws
 * SWB_CONFIG for any other value: nobody can know what was meant, and a default may be the least secure choice.
 */
export function choiceSetting<Value extends string>(
  RED: NodeAPI,
  entered: unknown,
  values: readonly Value[],
  name: string,
  where: string,
): Value | undefined {
  const value = typeof entered === 'string' ? optionalSetting(RED, entered, name, where) : (entered ?? '');
  if (value === '') return undefined;
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw new SwitchboardError('SWB_CONFIG', say`"${String(value)}" is not a value of ${name}.`, {
    where,
    field: name,
    hint: say`Use one of ${values.join(', ')}.`,
  });
}

/** As `optionalSetting`, for a secret, which may contain anything: only one that is nothing but a placeholder is one. */
export function optionalSecret(RED: NodeAPI, text: string | undefined, name: string, where: string): string {
  return text && NOTHING_ELSE.test(text) ? optionalSetting(RED, text, name, where) : (text ?? '');
}

/** Returns a path that a setting names; throws SWB_CONFIG if no request can have it. */
export function requestPath(RED: NodeAPI, path: string, name: string, where: string): string {
  if (isRequestPath(path)) return path;
  throw new SwitchboardError('SWB_CONFIG', say`No request can have the path "${path}".`, {
    where,
    field: name,
    hint: say`Set "${labelOf(RED, name)}" to letters without accents, digits, hyphens, dots and underscores, with / between the parts.`,
  });
}

/** Returns the name of a header that a setting names; throws SWB_CONFIG if no header can have it. */
export function headerName(RED: NodeAPI, header: string, name: string, where: string): string {
  if (isHeaderName(header)) return header;
  throw new SwitchboardError('SWB_CONFIG', say`No header can have the name "${header}".`, {
    where,
    field: name,
    hint: say`Set "${labelOf(RED, name)}" to letters without accents, digits, hyphens and underscores, without spaces.`,
  });
}

function missing(RED: NodeAPI, { what, hint }: { what: string; hint?: string }, name: string, where: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFIG', what, {
    where,
    field: name,
    hint: hint ?? say`Set "${labelOf(RED, name)}" in the node’s settings and deploy.`,
  });
}

/** A check box; the value of an environment variable is text. Throws SWB_CONFIG if the variable is not set. */
export function flagSetting(RED: NodeAPI, value: unknown, name: string, where: string): boolean {
  if (typeof value !== 'string') return value === true;
  return !/^(false|no|off|0|)$/i.test(optionalSetting(RED, value, name, where).trim());
}
