import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { defaultsOf, type Settings } from '../../src/endpoints/form.js';
import type { System } from '../../src/endpoints/system.js';
import type { Auth } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { referencesIn } from '../../src/sandbox/behaviour-handlers.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import type { ServiceNowDesk } from '../../src/sandbox/servicenow.js';
import { PATIENCE } from '../patience.js';
import type { Said } from './contract-case.js';

interface Options {
  url: string;
  auth: Auth;
  /** Those that differ from the defaults. */
  settings?: Settings;
}

/** A client as the system's description makes it. */
export function contractClient(system: System, { url, auth, settings }: Options): EndpointClient {
  return system.createClient({
    id: 'p',
    name: 'Partner',
    settings: { ...defaultsOf(system.endpoint), ...settings },
    credentials: {},
    http: () => createHttpClient({ name: 'Partner', baseUrl: url, auth, timeout: PATIENCE, rateLimit: 0, concurrency: 8 }),
    clock: Date.now,
  });
}

export function basic(password: string | undefined): Auth {
  return { kind: 'basic', user: 'switchboard', password: password ?? '' };
}

export function oauth({ url, environment }: Sandbox): Auth {
  const { SANDBOX_TMF_CLIENT_ID: clientId = '', SANDBOX_TMF_CLIENT_SECRET: clientSecret = '' } = environment;
  return { kind: 'oauthClientCredentials', tokenUrl: `${url}/oauth/token`, clientId, clientSecret };
}

/* What a ServiceNow desk of the sandbox has, whichever API it is asked by. */

export const withReference = (desk: ServiceNowDesk, table: string, reference: string) =>
  desk
    .rows(table)
    .filter((row) => row.external_id === reference || referencesIn(row).includes(reference))
    .map((row) => row.sys_id);

export const commentsIn = (desk: ServiceNowDesk, id: string): Said[] =>
  desk.journal(id).map((row) => ({
    text: row.value ?? '',
    reword: (text) => {
      row.value = text;
    },
    // An entry of no record is in no journal.
    remove: () => {
      row.element_id = '';
    },
  }));
