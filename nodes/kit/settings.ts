import type { Node, NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';

const PLACEHOLDER = /\$\{([^}]+)\}/g;

/**
 * Settings with their placeholders filled in: Node-RED does it where `${NAME}` is the whole value, here it may also be a part of one, as in
 * `https://${HOST}/api`. One whose variable is not set stays as it is, so that whoever needs the setting can say so.
 */
export function withEnvironment<Config extends object>(RED: NodeAPI, node: Node | null, config: Config): Config {
  const filled = { ...config } as Record<string, unknown>;
  for (const [name, value] of Object.entries(filled)) if (typeof value === 'string') filled[name] = placed(RED, node, value);
  return filled as Config;
}

function placed(RED: NodeAPI, node: Node | null, text: string): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = RED.util.evaluateNodeProperty(name, 'env', node as never, {});
    return value === undefined || value === '' ? (process.env[name] ?? placeholder) : String(value);
  });
}

/** Reads a number that is kept as text (so that `${ENV}` works), with a message for people when it is none. */
export function numberSetting(text: string | number | undefined, fallback: string, name: string, where: string): number {
  const given = text === undefined || text === '' ? fallback : String(text);
  const value = Number(given);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new SwitchboardError('SWB_CONFIG', say`«${given}» is not a number.`, {
    where,
    field: name,
    hint: say`Give ${name} as a number, or as \${NAME} of an environment variable that holds one.`,
  });
}

/** A setting that must be there. */
export function requiredSetting(text: string | undefined, name: string, where: string): string {
  const [placeholder] = text?.match(PLACEHOLDER) ?? [];
  if (text && !placeholder) return text;
  const what = placeholder ? `The environment variable in ${placeholder} is not set.` : `${name} is missing.`;
  throw new SwitchboardError('SWB_CONFIG', what, { where, field: name, hint: say`Set ${name} in the node's dialog and deploy.` });
}
