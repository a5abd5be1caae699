import assert from 'node:assert/strict';
import { maskSecrets } from '../../src/http/masking.js';

describe('secrets in a text', () => {
  const secret = 'p"4\\ss & <w0rd>';
  const WAYS: Record<string, string> = {
    'as they are': secret,
    'in JSON': JSON.stringify({ error: `Wrong: ${secret}` }),
    'in an address': `/x?p=${encodeURIComponent(secret)}`,
    'in a form': new URLSearchParams({ secret }).toString(),
    'in HTML': '<p>p&quot;4\\ss &amp; &lt;w0rd&gt;</p>',
  };
  for (const [way, text] of Object.entries(WAYS)) {
    it(`are masked ${way}`, () => {
      const masked = maskSecrets(text, [secret]);
      assert.ok(masked.includes('•••') && !masked.includes('w0rd'), masked);
    });
  }

  it('are left where they are too short to tell from other words', () => assert.equal(maskSecrets('a cat', ['a']), 'a cat'));
});
