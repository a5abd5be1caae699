import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { checkWebhook, type WebhookAuth } from '../../src/http/webhook-auth.js';

const body = Buffer.from('{"sys_id":"1"}');
const accepted = (auth: WebhookAuth, headers: Record<string, string>, raw = body) => {
  try {
    checkWebhook(auth, headers, raw);
    return true;
  } catch (error) {
    assert.equal((error as { code: string }).code, 'SWB_UNAUTHORISED');
    return false;
  }
};

describe('a webhook is authenticated by', () => {
  it('a secret in a header', () => {
    const auth: WebhookAuth = { kind: 'header', header: 'X-Secret', secret: 's3cret' };
    assert.ok(accepted(auth, { 'x-secret': 's3cret' }));
    for (const wrong of ['', 's3cre', 's3cret ', 'S3CRET']) assert.ok(!accepted(auth, { 'x-secret': wrong }), wrong);
    assert.ok(!accepted(auth, {}));
  });

  it('but never an empty secret', () => {
    assert.ok(!accepted({ kind: 'header', header: 'x', secret: '' }, { x: '' }));
  });

  it('a user name and password', () => {
    const auth: WebhookAuth = { kind: 'basic', user: 'sn', password: 'pw' };
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    assert.ok(accepted(auth, basic('sn:pw')));
    for (const wrong of ['sn:', 'sn:PW', ':pw']) assert.ok(!accepted(auth, basic(wrong)), wrong);
  });

  it('a signature over the raw body, in hex or base64, with or without a prefix', () => {
    const mac = (encoding: 'hex' | 'base64', of = body) => createHmac('sha256', 'k').update(of).digest(encoding);
    const auth: WebhookAuth = { kind: 'hmac', header: 'x-signature', secret: 'k' };
    assert.ok(accepted(auth, { 'x-signature': mac('hex') }));
    assert.ok(accepted(auth, { 'x-signature': mac('hex').toUpperCase() }));
    assert.ok(accepted(auth, { 'x-signature': mac('base64') }));
    assert.ok(accepted({ ...auth, prefix: 'sha256=' }, { 'x-signature': `sha256=${mac('hex')}` }));
    assert.ok(!accepted({ ...auth, prefix: 'sha256=' }, { 'x-signature': mac('hex') }));
    assert.ok(!accepted(auth, { 'x-signature': mac('hex') }, Buffer.from('{"sys_id": "1"}')), 'the same JSON, other bytes');
    assert.ok(!accepted(auth, {}));
  });
});
