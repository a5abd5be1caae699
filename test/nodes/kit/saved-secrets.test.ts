import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { type EndpointConfig, endpointDefaults } from '../../../nodes/kit/endpoint.config.js';
import { credentialsFor } from '../../../nodes/kit/saved-secrets.js';
import type { EndpointForm } from '../../../src/endpoints/form.js';

/** A system without a URL: its own settings say where it is. */
const MAILBOX: EndpointForm = {
  node: 'mailbox-endpoint',
  label: 'Mailbox',
  signIn: [
    {
      id: 'mailbox',
      fields: [
        { name: 'user', kept: 'credential', icon: 'fa-user' },
        { name: 'password', kept: 'secret', icon: 'fa-key' },
        { name: 'realm', kept: 'setting', icon: 'fa-globe', optional: true },
      ],
    },
  ],
  settings: [
    { kind: 'text', name: 'host', default: '' },
    { kind: 'text', name: 'port', default: '993' },
  ],
  folds: [],
};

describe('saved secrets of an endpoint without a URL', () => {
  const saved = { id: 'box', type: 'switchboard-mailbox-endpoint', host: 'mail.example', auth: 'mailbox' };
  const RED = {
    nodes: {
      eachNode: (callback: (node: object) => void) => callback(saved),
      getNode: () => null,
      getCredentials: () => ({ user: 'me', password: 'secret' }),
    },
    util: { evaluateNodeProperty: () => undefined },
  } as unknown as NodeAPI;
  const ask = (settings: object) =>
    credentialsFor(RED, MAILBOX, {
      id: 'box',
      type: saved.type,
      config: { ...endpointDefaults(MAILBOX), host: 'mail.example', ...settings } as EndpointConfig,
      credentials: { user: 'me', password: '__PWRD__' },
    });

  it('are used where its settings are the saved ones, defaults included', () => {
    assert.equal(ask({}).password, 'secret');
    assert.equal(ask({ port: '993' }).password, 'secret');
  });

  it('are not sent to another host or port', () => {
    for (const settings of [{ host: 'elsewhere.example' }, { port: '1993' }])
      assert.throws(() => ask(settings), {
        code: 'SWB_CONFIG',
        message: /These saved credentials are only valid for .*host="mail.example"/,
      });
  });

  it('has the settings of its sign-in among its defaults, and no others', () => {
    const { realm, baseUrl, tokenUrl, apiKeyHeader } = endpointDefaults(MAILBOX);
    assert.deepEqual([realm, baseUrl, tokenUrl, apiKeyHeader], ['', undefined, undefined, undefined]);
  });
});
