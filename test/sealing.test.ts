import assert from 'node:assert/strict';
import { seal, unseal } from '../src/sealing.js';

describe('a sealed text', () => {
  const sealed = seal('refresh-token-ü', 'the secret of Node-RED', 'here');

  it('can be opened with its secret, in its place', () => {
    assert.equal(unseal(sealed, 'the secret of Node-RED', 'here'), 'refresh-token-ü');
    assert.ok(!sealed.includes('refresh') && !Buffer.from(sealed.slice(3), 'base64').includes('refresh'));
  });

  it('is another one each time', () => assert.notEqual(seal('x', 'y', 'z'), seal('x', 'y', 'z')));

  it('cannot be opened otherwise', () => {
    const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === 'A' ? 'B' : 'A'}${sealed.slice(-5)}`;
    assert.equal(unseal(sealed, 'another secret', 'here'), undefined);
    assert.equal(unseal(sealed, 'the secret of Node-RED', 'there'), undefined);
    assert.equal(unseal(changed, 'the secret of Node-RED', 'here'), undefined);
    for (const text of ['', 'v1:', 'v1:AAAA', 'v2:AAAA', sealed.slice(0, 40)]) assert.equal(unseal(text, 'x', 'here'), undefined);
  });
});
