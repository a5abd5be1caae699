import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { type EndpointForm, type Settings, settingsOf } from '../../src/endpoints/form.js';
import { systemOfSettings } from '../../src/endpoints/registry.js';
import { fieldsOf } from '../../src/endpoints/sign-in.js';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { httpOptions } from './http-options.js';
import { tokenKeeper } from './kept-tokens.js';
import { choiceSetting, optionalSecret, optionalSetting, requestPath } from './settings.js';

/** Creates an endpoint's client from saved or entered settings; throws SWB_CONFIG. `mayWrite`: see HttpOptions. */
export function makeClient(
  RED: NodeAPI,
  { id, form, where }: { id: string; form: EndpointForm; where: string },
  entered: EndpointConfig,
  credentials: EndpointCredentials,
  mayWrite?: HttpOptions['mayWrite'],
): EndpointClient {
  requireVariables(RED, form, entered, credentials, where);
  const config = { ...entered, ...choicesOf(RED, form, { ...entered }, where) };
  requirePaths(RED, form, { ...config }, where);
  const system = systemOfSettings(form.node, { ...config });
  return system.createClient({
    id,
    name: where,
    settings: { ...endpointDefaults(form), ...config },
    credentials,
    http: () =>
      createHttpClient({
        ...httpOptions(RED, system, config, credentials, where),
        mayWrite,
        refreshTokens: () => tokenKeeper(RED, config.store),
      }),
    clock: Date.now,
  });
}

/** The settings of the form with a fixed list of values, with defaults for empty ones; throws SWB_CONFIG for other values. */
function choicesOf(RED: NodeAPI, form: EndpointForm, config: Settings, where: string): Settings {
  const choices = settingsOf(form).filter((setting) => setting.kind === 'choice');
  return Object.fromEntries(
    choices.map(({ name, values, default: fallback }) => [
      name,
      choiceSetting(RED, config[name], values, name, where) ?? fallback,
    ]),
  );
}

/** Throws SWB_CONFIG if one of the system's own settings is a path that no request can have. */
function requirePaths(RED: NodeAPI, form: EndpointForm, config: Settings, where: string): void {
  for (const setting of settingsOf(form))
    if (setting.kind === 'text' && setting.isPath && config[setting.name])
      requestPath(RED, String(config[setting.name]), setting.name, where);
}

/** Throws SWB_CONFIG if a variable in a setting is not set; fields of other authentication methods than the chosen one do not matter. */
function requireVariables(
  RED: NodeAPI,
  { signIn }: EndpointForm,
  config: EndpointConfig,
  credentials: EndpointCredentials,
  where: string,
): void {
  const used = signIn.find(({ id }) => id === config.auth)?.fields ?? [];
  for (const { name, kept } of used) if (kept !== 'setting') optionalSecret(RED, credentials[name], name, where);
  const unused = new Set(fieldsOf(signIn).map(({ name }) => name));
  for (const { name } of used) unused.delete(name);
  for (const [name, value] of Object.entries(config))
    if (typeof value === 'string' && !unused.has(name)) optionalSetting(RED, value, name, where);
}
