import assert from 'node:assert/strict';
import { headerFor } from '../../../nodes/kit/in.config.js';

describe('the header of a webhook', () => {
  for (const [kind, header, expected] of [
    ['header', 'x-switchboard-signature', 'x-switchboard-secret'],
    ['timed', 'X-Switchboard-Secret', 'x-switchboard-signature'],
    ['hmac', 'x-switchboard-secret', 'x-switchboard-signature'],
    ['hmac', '', 'x-switchboard-signature'],
    ['timed', 'x-acme', 'x-acme'],
    ['header', 'x-acme', 'x-acme'],
    ['basic', 'x-switchboard-secret', 'x-switchboard-secret'],
  ] as const)
    it(`"${header}" is "${expected}" for the kind ${kind}`, () => assert.equal(headerFor(kind, header), expected));
});
