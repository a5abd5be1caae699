import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { NodeAPI } from 'node-red';
import { credentialsOf, endpointDefaults } from '../../../nodes/kit/endpoint.config.js';
import { inCredentials, inDefaults } from '../../../nodes/kit/in.config.js';
import { labelOf } from '../../../nodes/kit/labels.js';
import { numberSetting, optionalSecret, requiredSetting } from '../../../nodes/kit/settings.js';
import { storeDefaults } from '../../../nodes/switchboard-store/switchboard-store.config.js';
import { FORMS } from '../../../src/endpoints/forms.js';

/** Node-RED as a built node set knows it: its `_` translates the keys of this set, and returns those that it does not know. */
function runtimeOf(set: string, language = 'en-US'): NodeAPI {
  const labels = JSON.parse(readFileSync(`dist/nodes/${set}/locales/${language}/${set}.json`, 'utf8'));
  const find = (key: string) => key.split('.').reduce((at, part) => at?.[part], labels);
  return { _: (key: string) => find(key) ?? key } as unknown as NodeAPI;
}

/** What no error names: a node's own name, and choices and tables, which hold no text that may be missing. */
const NEVER_NAMED = ['name', 'proxyUse', 'fieldRules', 'entityTypes'];

describe('errors about settings', () => {
  const sets = FORMS.flatMap((form) => [
    [`${form.id}-in`, [...Object.keys(inDefaults(form)), ...Object.keys(inCredentials(form.receive))]] as const,
    [
      form.endpoint.node,
      [...Object.keys(endpointDefaults(form.endpoint)), ...Object.keys(credentialsOf(form.endpoint))],
    ] as const,
  ]);
  for (const [set, names] of [...sets, ['switchboard-store', Object.keys(storeDefaults)] as const])
    for (const language of ['en-US', 'de'])
      it(`name each field as the dialog of ${set} does (${language})`, () => {
        const RED = runtimeOf(set, language);
        const named = names.filter((name) => !NEVER_NAMED.includes(name));
        assert.deepEqual(
          named.filter((name) => typeof labelOf(RED, name) !== 'string' || labelOf(RED, name) === name),
          [],
        );
      });

  it('say which field is missing, or wrong, and what to do', () => {
    const RED = runtimeOf('servicenow-in');
    assert.throws(() => requiredSetting(RED, '', 'webhookUser', 'Acme in'), {
      message: 'Acme in: "Username" is missing. Set "Username" in the node’s settings and deploy.',
      field: 'webhookUser',
    });
    assert.throws(() => optionalSecret(RED, `\${SWB_T_NOT_SET}`, 'secret', 'Acme in'), {
      message: 'Acme in: The environment variable SWB_T_NOT_SET is not set. Set "Secret" in the node’s settings and deploy.',
    });
    assert.throws(() => numberSetting(RED, 'soon', '1', 'pollInterval', 'Acme in'), {
      message: `Acme in: "soon" is not a number. Set "Every" to a number, or to \${NAME} of an environment variable that contains one.`,
    });
  });
});
