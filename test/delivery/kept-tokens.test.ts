import assert from 'node:assert/strict';
import { KeptTokens } from '../../src/delivery/kept-tokens.js';
import type { Json } from '../../src/model/message.js';
import type { Change, Store } from '../../src/store/store.js';

describe('kept refresh tokens', () => {
  const settings = new Map<string, Json>();
  const store = {
    setting: async (key: string) => settings.get(key),
    commit: async ([change]: Change[]) => {
      if (change?.kind === 'setting') settings.set(change.key, change.value as Json);
    },
  } as unknown as Store;
  const warnings: string[] = [];
  const kept = (secret: string) =>
    new KeptTokens(
      async () => store,
      () => secret,
      (text) => warnings.push(text),
    );

  it('are in the store, and cannot be read there', async () => {
    await kept('secret').write('name', 'the-refresh-token');
    assert.equal(await kept('secret').read('name'), 'the-refresh-token');
    assert.equal(await kept('secret').read('other'), undefined);
    assert.doesNotMatch(JSON.stringify([...settings]), /the-refresh/);
    assert.deepEqual(warnings, []);
  });

  it('are not used with another secret, or under another name, and the log says so', async () => {
    assert.equal(await kept('another').read('name'), undefined);
    settings.set('refreshToken/other', settings.get('refreshToken/name')!);
    assert.equal(await kept('secret').read('other'), undefined);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /the credential secret of Node-RED has changed/);
  });
});
