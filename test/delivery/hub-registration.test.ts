import assert from 'node:assert/strict';
import { RegistrationStore } from '../../src/delivery/hub-registration.js';
import type { Json } from '../../src/model/message.js';
import type { Change } from '../../src/store/store.js';

const HUB = 'https://provider.example/hub';

describe('a stored registration at a hub', () => {
  let settings: Map<string, Json>;
  const store = {
    setting: async (key: string) => settings.get(key),
    commit: async (changes: readonly Change[]) => {
      for (const change of changes) if (change.kind === 'setting') settings.set(change.key, change.value as Json);
    },
  };
  const stored = (secret?: string) => {
    const broker = { store, ...(secret && { secret: () => secret }) };
    return new RegistrationStore(broker as unknown as ConstructorParameters<typeof RegistrationStore>[0], 'n');
  };
  const kept = () => JSON.stringify([...settings.values()]);
  beforeEach(() => {
    settings = new Map();
  });

  it('shows neither its secrets nor its callback', async () => {
    const registration = await stored('key').load(HUB);
    const callback = `https://broker.example/n/${registration.secret}`;
    await stored('key').save({ ...registration, callback, formerSecret: 'the-former-one', id: 'h1' });
    assert.ok(!kept().includes(registration.secret) && !kept().includes('the-former-one') && kept().includes('h1'), kept());
    const read = await stored('key').load(HUB);
    assert.deepEqual([read.secret, read.formerSecret, read.callback], [registration.secret, 'the-former-one', callback]);
    assert.equal((await stored('key').peek(HUB))?.secret, registration.secret);
  });

  it('that a former version kept in clear is encrypted when it is loaded', async () => {
    const registration = await stored().load(HUB);
    assert.ok(kept().includes(registration.secret));
    assert.equal((await stored('key').load(HUB)).secret, registration.secret);
    assert.ok(!kept().includes(registration.secret), kept());
  });

  it('gets another secret where the key is another one; what it registered is known, and can be removed', async () => {
    const registration = await stored('key').load(HUB);
    await stored('key').save({ ...registration, callback: 'https://broker.example/n/x', id: 'h1', former: ['h0'] });
    const read = await stored('another key').load(HUB);
    assert.ok(read.secret.length > 20 && read.secret !== registration.secret);
    assert.deepEqual([read.callback, read.id, read.former], [undefined, 'h1', ['h0']]);
    assert.equal((await stored('another key').load(HUB)).secret, read.secret);
  });
});
