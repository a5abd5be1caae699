import { SwitchboardError } from '../../src/errors.js';

/** Reads a number that is kept as text (so that `${ENV}` works), with a message for people when it is none. */
export function numberSetting(text: string | number | undefined, fallback: string, name: string, where: string): number {
  const given = text === undefined || text === '' ? fallback : String(text);
  const value = Number(given);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new SwitchboardError('SWB_CONFIG', `«${given}» is not a number.`, {
    where,
    field: name,
    hint: `Give ${name} as a number, or as \${NAME} of an environment variable that holds one.`,
  });
}

/** A setting that must be there. */
export function requiredSetting(text: string | undefined, name: string, where: string): string {
  if (text && !/^\$\{.*\}$/.test(text)) return text;
  const what = text ? `The environment variable in ${text} is not set.` : `${name} is missing.`;
  throw new SwitchboardError('SWB_CONFIG', what, { where, field: name, hint: `Set ${name} in the node's dialog and deploy.` });
}
