import assert from 'node:assert/strict';
import { encodeHTML } from 'entities';
import { IssuedSecrets, maskSecrets } from '../../src/http/masking.js';

const SECRETS = [
  'p"4\\ss & <w0rd>\'',
  'plainSecret123',
  'schlüssel/+=%€',
  'eyJ0b2tlbg.header-of_mine~x',
  'abcdef',
  'two words\tand\ntabs',
  '??>>~~ÿÿþ',
];
const json = (text: string) => JSON.stringify({ error: `Wrong: ${text}!` });
const html = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
const base64 = (text: string) => Buffer.from(text).toString('base64');

const everyOne = (text: string, write: (character: string) => string) => [...text].map(write).join('');
const percent = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const unicode = (text: string) => `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** How a partner may return a secret. */
const FORMS: Record<string, (secret: string) => string> = {
  'in plain text': (secret) => `Wrong: ${secret}!`,
  'in JSON': json,
  'in JSON inside of JSON': (secret) => json(json(secret)),
  'in JSON in ASCII': (secret) => json(secret).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'in JSON with escaped slashes': (secret) => json(secret).replaceAll('/', '\\/'),
  'in a URL': (secret) => `/x?p=${encodeURIComponent(secret)}&q=1`,
  'in a URL with small digits': (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'in a URL inside of a URL': (secret) => `/x?to=${encodeURIComponent(`/y?p=${encodeURIComponent(secret)}`)}`,
  'in a form': (secret) => new URLSearchParams({ p: secret, q: '1' }).toString(),
  'in HTML': (secret) => `<p>${html(secret)}</p>`,
  'in HTML inside of HTML': (secret) => `<p>${html(html(secret))}</p>`,
  'in HTML by numbers': (secret) => secret.replace(/[^\w ]/gu, (c) => `&#x${c.codePointAt(0)!.toString(16)};`),
  'in HTML by numbers, every character': (secret) => everyOne(secret, (c) => `&#${c.codePointAt(0)};`),
  'in HTML by hexadecimal numbers, every character': (secret) =>
    everyOne(secret, (c) => `&#x${c.codePointAt(0)!.toString(16).toUpperCase()};`),
  'in HTML by names': (secret) => `<p>${encodeHTML(secret)}</p>`,
  'in HTML by names inside of HTML': (secret) => `<p>${html(encodeHTML(secret))}</p>`,
  'in a URL, every byte': (secret) => everyOne(secret, percent),
  'in a URL inside of a URL, every byte': (secret) => everyOne(secret, percent).replaceAll('%', '%25'),
  'in a URL in Latin-1': (secret) => `/x?p=${escape(secret)}&q=1`,
  'in JSON, every character': (secret) => `{"e":"${everyOne(secret, unicode)}"}`,
  'in JSON inside of JSON, every character': (secret) => json(`{"e":"${everyOne(secret, unicode)}"}`),
  'in a script, every character': (secret) => everyOne(secret, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`),
  'in a URL in HTML in JSON': (secret) =>
    json(`<a href="/x?p=${everyOne(everyOne(secret, percent), (c) => `&#${c.charCodeAt(0)};`)}">`),
  'in base64 over several lines': (secret) => `got\r\n${base64(`client-id:${secret}`).replace(/.{8}/g, '$&\r\n')}.`,
  'in base64 over several lines in JSON': (secret) => json(base64(`client-id:${secret}`).replace(/.{8}/g, '$&\n')),
  'in hexadecimal': (secret) => `0x${Buffer.from(secret).toString('hex').toUpperCase()}`,
  'in base64': (secret) => `hash ${base64(secret)} end`,
  'in base64 of a header': (secret) => `got Basic ${base64(`ann:${secret}`)}`,
  'in base64 of something else': (secret) => `got ${base64(`grant=x&p=${secret}&q=1`)}.`,
  'in base64 for URLs': (secret) => `got ${Buffer.from(`x${secret}y`).toString('base64url')}.`,
};

/** All pieces of four characters. */
const pieces = (text: string) => [...Array(Math.max(0, text.length - 3)).keys()].map((at) => text.slice(at, at + 4));

describe('secrets in a text', () => {
  for (const [form, write] of Object.entries(FORMS)) {
    it(`are masked ${form}`, () => {
      for (const secret of SECRETS) {
        const text = write(secret);
        const masked = maskSecrets(text, SECRETS);
        assert.ok(masked.includes('•••'), `${text} → ${masked}`);
        const shown = pieces(text).filter((piece) => !write('').includes(piece) && masked.includes(piece));
        assert.deepEqual(shown, [], masked);
      }
    });
  }

  it('are not masked if they are too short to distinguish from other words', () =>
    assert.equal(maskSecrets('a cat', ['a']), 'a cat'));

  it('leave the rest of the text as it is', () => {
    assert.equal(
      maskSecrets('code=404 for key=7: the token has expired, see https://acme.example/a@b', SECRETS),
      'code=404 for key=7: the token has expired, see https://acme.example/a@b',
    );
    const around = 'a%20b &eacute;\\u0041 %zz &nosuchname; \\';
    assert.equal(maskSecrets(`${around}${everyOne('plainSecret123', percent)}${around}`, SECRETS), `${around}•••${around}`);
    assert.equal(maskSecrets('first plainSecret123, then plainSecret123.', SECRETS), 'first •••, then •••.');
  });

  it('are masked where the longer begins with the shorter one', () =>
    assert.equal(maskSecrets('x abcdefgh y', ['abcdef', 'abcdefgh']), 'x ••• y'));

  /** What looks like a secret that is not ours: the partner has just issued it, or it is of somebody else. */
  const UNKNOWN: [string, string][] = [
    ['{"access_token":"qwertz","n":1}', '{"access_token":"•••","n":1}'],
    ['{"client_secret": 123456}', '{"client_secret": "•••"}'],
    ['{"refresh_token":"cut off', '{"refresh_token":"•••"'],
    ['{"a":"{\\"id_token\\":\\"qwertz\\"}"}', '{"a":"{\\"id_token\\":\\"•••\\"}"}'],
    ['<a:AccessToken x="1">qwertz</a:AccessToken>', '<a:AccessToken x="1">•••</a:AccessToken>'],
    ['access_token=qwertz&token_type=bearer', 'access_token=•••&token_type=•••'],
    ['https://acme.example/cb?code=qwertz&state=1', 'https://acme.example/cb?code=•••&state=1'],
    ['https://ann:qwertz@acme.example/x', 'https://•••@acme.example/x'],
    ['Authorization: Bearer qwertz-qwertz', 'Authorization: Bearer •••'],
    ['got eyJhbGciOiJI.eyJzdWIiOiJh.c2lnbmF0dXJl here', 'got ••• here'],
    ['https://s3.example/x?X-Amz-Signature=qwertz&a=b', 'https://s3.example/x?X-Amz-Signature=•••&a=b'],
  ];
  for (const [text, masked] of UNKNOWN)
    it(`are masked where they look like one: ${text}`, () => {
      assert.equal(maskSecrets(text, []), masked);
    });

  it('do not make a hostile text take long', () => {
    const hostile = [
      '\\',
      '"',
      '"token',
      'token',
      '//',
      '//a',
      'eyJ-',
      '<token',
      '<a:',
      'Bearer ',
      '%25',
      '%c3',
      '%41',
      '&#65',
      '&#x41;',
      '&amp',
      '&notit;',
      '\\u0041',
      '\\u{',
      '%u0041',
      'YWJj\n',
      '&amp;',
      'abcdeabcde',
      'YWJj',
      '?code=',
      '\\"token\\":',
    ];
    const started = performance.now();
    for (const piece of hostile) maskSecrets(piece.repeat(200_000 / piece.length), SECRETS);
    const took = performance.now() - started;
    // Seconds even on a busy machine; with a quadratic pattern, one of them takes minutes.
    assert.ok(took < 60_000, `${took} ms`);
  });
});

describe('tokens that a partner has issued', () => {
  it('are remembered, the last fifty of them', () => {
    const issued = new IssuedSecrets();
    for (let i = 0; i < 60; i++) issued.add(`token-${i}`);
    issued.add('token-10');
    assert.equal(issued.all.length, 50);
    assert.deepEqual(issued.all.slice(-2), ['token-59', 'token-10']);
    assert.ok(!issued.all.includes('token-9') && issued.all.includes('token-11'));
  });
});
