import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type Proof, type WebhookAuth, webhookClaim } from '../../src/http/webhook-auth.js';

const body = Buffer.from('{"sys_id":"1"}');
const NOW = 1_700_000_000_000;

/** What shows that a request comes from the partner; undefined: it is refused. */
function proofOf(auth: WebhookAuth, headers: Record<string, string>, raw = body): Proof | undefined {
  try {
    return webhookClaim(auth, headers, NOW).prove(raw);
  } catch (error) {
    assert.equal((error as { code: string }).code, 'SWB_UNAUTHORISED');
    return undefined;
  }
}
const accepted = (...request: Parameters<typeof proofOf>) => proofOf(...request) !== undefined;
/** Whether a request is refused before its body is read. */
const refusedAtOnce = (auth: WebhookAuth, headers: Record<string, string>) => {
  try {
    webhookClaim(auth, headers, NOW);
    return false;
  } catch {
    return true;
  }
};

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const mac = (encoding: 'hex' | 'base64', of: Buffer = body, key = 'k') => createHmac('sha256', key).update(of).digest(encoding);
const timed = (at: number, key = 'k', of: Buffer = body) =>
  `t=${at},v1=${createHmac('sha256', key).update(`${at}.`).update(of).digest('hex')}`;

describe('a webhook is authenticated by', () => {
  it('a secret in a header', () => {
    const auth: WebhookAuth = { kind: 'header', header: 'X-Secret', secret: 's3cret' };
    assert.ok(accepted(auth, { 'x-secret': 's3cret' }));
    for (const wrong of ['', 's3cre', 's3cret ', 'S3CRET']) assert.ok(refusedAtOnce(auth, { 'x-secret': wrong }), wrong);
    assert.ok(refusedAtOnce(auth, {}));
  });

  it('but never an empty secret', () => {
    assert.ok(refusedAtOnce({ kind: 'header', header: 'x', secret: '' }, { x: '' }));
    assert.ok(refusedAtOnce({ kind: 'header', header: 'x', secret: 'a', former: '' }, { x: '' }));
  });

  it('a user name and password', () => {
    const auth: WebhookAuth = { kind: 'basic', user: 'sn', secret: 'pw' };
    assert.ok(accepted(auth, basic('sn:pw')));
    for (const wrong of ['sn:', 'sn:PW', ':pw']) assert.ok(refusedAtOnce(auth, basic(wrong)), wrong);
  });

  it('a signature over the raw body, in hex or base64, with or without a prefix', () => {
    const auth: WebhookAuth = { kind: 'hmac', header: 'x-signature', secret: 'k' };
    assert.ok(accepted(auth, { 'x-signature': mac('hex') }));
    assert.ok(accepted(auth, { 'x-signature': mac('hex').toUpperCase() }));
    assert.ok(accepted(auth, { 'x-signature': mac('base64') }));
    assert.ok(accepted({ ...auth, prefix: 'sha256=' }, { 'x-signature': `sha256=${mac('hex')}` }));
    assert.ok(!accepted({ ...auth, prefix: 'sha256=' }, { 'x-signature': mac('hex') }));
    assert.ok(!accepted(auth, { 'x-signature': mac('hex') }, Buffer.from('{"sys_id": "1"}')), 'the same JSON, other bytes');
    assert.ok(!accepted(auth, {}));
  });

  it('a signature of which the head shows at least that it may be one', () => {
    const auth: WebhookAuth = { kind: 'hmac', header: 'x-signature', secret: 'k', prefix: 'sha256=' };
    for (const none of [undefined, '', 'sha256=', 'sha256=1234', mac('hex'), `sha256=${mac('hex')}0`, 'sha1=x'])
      assert.ok(refusedAtOnce(auth, none === undefined ? {} : { 'x-signature': none }), none);
    assert.equal(webhookClaim(auth, { 'x-signature': `sha256=${mac('hex')}` }, NOW).proof, undefined);
  });

  it('a signature over time and body, whose time is about now', () => {
    const auth: WebhookAuth = { kind: 'timed', header: 'x-signature', secret: 'k', tolerance: 300_000 };
    const now = NOW / 1000;
    const at = (seconds: number, key?: string, of?: Buffer) => ({ 'x-signature': timed(seconds, key, of) });
    for (const time of [now, now - 300, now + 300]) assert.ok(accepted(auth, at(time)), String(time));
    for (const time of [now - 301, now + 301, 0]) assert.ok(refusedAtOnce(auth, at(time)), String(time));
    assert.ok(!accepted(auth, at(now, 'wrong')));
    assert.ok(!accepted(auth, at(now), Buffer.from('{"sys_id":"2"}')));
    assert.ok(!accepted(auth, { 'x-signature': timed(now - 10).replace(String(now - 10), String(now)) }), 'another time');
    for (const none of ['', `t=${now}`, `v1=${mac('hex')}`, `t=x,v1=${mac('hex')}`, `t=${'9'.repeat(400)},v1=${mac('hex')}`])
      assert.ok(refusedAtOnce(auth, { 'x-signature': none }), none);
    const both = `${timed(now, 'other')},${timed(now).split(',')[1]}`;
    assert.ok(accepted(auth, { 'x-signature': both }), 'a sender that signs with two secrets');
  });

  const UNNAMED = { secret: 's3cret', tolerance: 1000 };
  for (const [auth, header] of [
    [{ kind: 'header', header: 'X-Acme', ...UNNAMED }, 'X-Acme'],
    [{ kind: 'basic', user: 'sn', ...UNNAMED }, 'Authorization'],
    [{ kind: 'hmac', header: 'X-Acme', ...UNNAMED }, 'X-Acme'],
    [{ kind: 'timed', header: 'X-Acme', ...UNNAMED }, 'X-Acme'],
  ] as [WebhookAuth, string][])
    it(`a header that a refusal names if it is missing, and only then (${auth.kind})`, () => {
      const message = (headers: Record<string, string>) => {
        try {
          webhookClaim(auth, headers, NOW).prove(body);
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      };
      for (const headers of [{}, { [header.toLowerCase()]: '' }, { 'x-other': 's3cret' }])
        assert.match(message(headers), new RegExp(`^The header ${header} is missing\\.`));
      const wrong = { header: 'guess', basic: 'guess', hmac: mac('hex', body, 'guess'), timed: timed(NOW / 1000, 'guess') };
      assert.match(message({ [header.toLowerCase()]: wrong[auth.kind] }), /does not match|is wrong/);
      assert.doesNotMatch(message({ [header.toLowerCase()]: wrong[auth.kind] }), /missing|s3cret|guess/);
    });

  it('a time stamp that is wrong says by how much', () => {
    const auth: WebhookAuth = { kind: 'timed', header: 'x-signature', secret: 'k', tolerance: 300_000 };
    assert.throws(
      () => webhookClaim(auth, { 'x-signature': timed(NOW / 1000 - 3600) }, NOW),
      /differs from the clock here by 3600 seconds/,
    );
  });

  const WAYS: [WebhookAuth, (secret: string) => Record<string, string>][] = [
    [{ kind: 'header', header: 'x', secret: 'new' }, (secret) => ({ x: secret })],
    [{ kind: 'basic', user: 'sn', secret: 'new' }, (secret) => basic(`sn:${secret}`)],
    [{ kind: 'hmac', header: 'x', secret: 'new' }, (secret) => ({ x: mac('hex', body, secret) })],
    [{ kind: 'timed', header: 'x', secret: 'new', tolerance: 1000 }, (secret) => ({ x: timed(NOW / 1000, secret) })],
  ];
  for (const [auth, headers] of WAYS)
    it(`the former secret too, while there is one, and says which it was (${auth.kind})`, () => {
      const rotating = { ...auth, former: 'old' };
      assert.equal(proofOf(rotating, headers('new'))?.secret, 'current');
      assert.equal(proofOf(rotating, headers('old'))?.secret, 'former');
      assert.ok(!accepted(rotating, headers('older')));
      assert.ok(!accepted(auth, headers('old')), 'once it is removed');
    });
});
