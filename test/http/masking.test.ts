import assert from 'node:assert/strict';
import { maskSecrets } from '../../src/http/masking.js';

describe('secrets in a text', () => {
  const secret = 'p"4\\ss & <w0rd>';
  const ENCODINGS: Record<string, string> = {
    'in plain text': secret,
    'in JSON': JSON.stringify({ error: `Wrong: ${secret}` }),
    'in a URL': `/x?p=${encodeURIComponent(secret)}`,
    'in a form': new URLSearchParams({ secret }).toString(),
    'in HTML': '<p>p&quot;4\\ss &amp; &lt;w0rd&gt;</p>',
  };
  for (const [encoding, text] of Object.entries(ENCODINGS)) {
    it(`are masked ${encoding}`, () => {
      const masked = maskSecrets(text, [secret]);
      assert.ok(masked.includes('•••') && !masked.includes('w0rd'), masked);
    });
  }

  it('are not masked if they are too short to distinguish from other words', () =>
    assert.equal(maskSecrets('a cat', ['a']), 'a cat'));
});
