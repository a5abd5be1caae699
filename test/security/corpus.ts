import { SIZES } from './limits.js';
import type { Shot } from './shot.js';
import type { Surface } from './surfaces.js';

/** A line of its own in a log, colours, a cleared screen, a title of the window, a reversed reading order. */
export const ESCAPES = '\r\n[error] FORGED-LINE \u001b[31m\u001b[2J\u001b]0;owned\u0007\u009b1m\u0000\u202e\u2028';

const nested = (open: string, close: string, inner = '') => `${open.repeat(SIZES.depth)}${inner}${close.repeat(SIZES.depth)}`;

/** Bodies that are unusual in themselves. */
export const BODIES: Record<string, string | Buffer> = {
  empty: '',
  'deep objects': nested('{"a":', '}', '1'),
  'deep arrays': nested('[', ']'),
  'deep, cut off': '{"a":['.repeat(SIZES.depth),
  prototypes: '{"__proto__":{"table":"x","isAdmin":true},"constructor":{"prototype":{"polluted":1}},"sys_id":{"__proto__":[]}}',
  'names of methods': '{"toString":1,"hasOwnProperty":null,"valueOf":{},"then":1,"length":-1,"toJSON":"x","ids":{"length":1e9}}',
  'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d]),
  'lone surrogates': '{"sys_id":"\\ud800","table":"\\udfff\\ud83d","id":"\\udc00"}',
  'nothing but null': 'null',
  'a number': '1e999',
  'a list of lists': '[[[]],[null],[1,"x",true]]',
  'wrong types':
    '{"table":{},"sys_id":[1],"operation":7,"eventType":[],"event":"x","ids":"m1","config":[],"mapping":5,"rules":{},"message":1}',
  'huge numbers': `{"sys_id":${'9'.repeat(5_000)},"limit":-1e308,"n":1e-400,"id":-0}`,
  'a long text': JSON.stringify({ sys_id: 'x'.repeat(900_000) }),
  'white space': `${' '.repeat(500_000)}x${' '.repeat(400_000)}`,
  'empty lines': '\n\r'.repeat(450_000),
  'many keys': JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]))),
  'many entries': `[${'{},'.repeat(250_000)}{}]`,
  'many entries in base64': JSON.stringify(
    Array.from({ length: 800 }, () => ({ data: Buffer.from(`[${'{},'.repeat(200)}{}]`).toString('base64') })),
  ),
  'JSON in JSON': JSON.stringify(JSON.stringify(JSON.stringify({ table: 'incident' }))),
  escapes: JSON.stringify({
    table: ESCAPES,
    sys_id: ESCAPES,
    operation: ESCAPES,
    eventType: ESCAPES,
    event: { troubleTicket: { id: ESCAPES } },
    type: ESCAPES,
    reason: ESCAPES,
    config: { baseUrl: ESCAPES, name: ESCAPES, auth: ESCAPES },
    [ESCAPES]: ESCAPES,
  }),
  'zero bytes': Buffer.alloc(100_000),
};

/** Ends of a path, and queries. */
const TARGETS: Record<string, string> = {
  percent: '/%',
  'zero byte': '/%00',
  'dots, encoded': '/%2e%2e/%2e%2e/etc/passwd',
  dots: '/../../etc/passwd',
  'no UTF-8': '/%ff%fe',
  slashes: `/${'/'.repeat(2_000)}`,
  prototype: '/__proto__/constructor',
  long: `/${'x'.repeat(10_000)}`,
  escapes: `/${encodeURIComponent(ESCAPES)}`,
  'query of prototypes': '?__proto__[x]=1&constructor[prototype][y]=1&search[__proto__]=1',
  'query of lists': '?search[]=a&search[]=b&limit[x]=1&before[]=&state[$ne]=1&id=1&id=2&mask[]=1&type[a]=b',
  'query of wrong numbers': '?limit=1e999&before=-1&offset=NaN&from=9999999999999999999&mask=maybe',
  'query that is broken': '?%=%&search=%ff%zz&=&&&',
  'query of escapes': `?search=${encodeURIComponent(ESCAPES)}`,
  'thousands of parameters': `?${Array.from({ length: SIZES.queryParameters / 5 }, (_, i) => `p${i}=1`).join('&')}`,
};

const head = (request: string, headers: Record<string, string>) =>
  `${request}\r\n${Object.entries({ Host: 'localhost', Connection: 'close', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}`;

/** A request that is as HTTP wants it. */
export function request(
  { method, path, headers }: Pick<Surface, 'method' | 'path' | 'headers'>,
  name: string,
  body: string | Buffer,
  more: Record<string, string> = {},
): Shot {
  const length: Record<string, string> = method === 'POST' ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
  return { name, pieces: [`${head(`${method} ${path} HTTP/1.1`, { ...headers, ...length, ...more })}\r\n`, body] };
}

/** Requests that break or stretch HTTP itself. */
function shapes({ method, path, headers, body }: Surface): Shot[] {
  const line = `${method} ${path} HTTP/1.1`;
  const raw = (name: string, ...pieces: (string | Buffer)[]): Shot => ({ name, pieces });
  const length = { 'Content-Length': String(Buffer.byteLength(body)) };
  const chunked = { 'Transfer-Encoding': 'chunked' };
  const smuggled = 'GET /switchboard/messages HTTP/1.1\r\nHost: localhost\r\n\r\n';
  return [
    raw('absolute target', head(`${method} http://evil.example${path} HTTP/1.1`, { ...headers, ...length }), '\r\n', body),
    raw('target of another scheme', head(`${method} ftp://a:b@c/%zz HTTP/1.1`, headers), '\r\n'),
    raw('target *', head('OPTIONS * HTTP/1.1', headers), '\r\n'),
    raw('length and chunks', head(line, { ...headers, 'Content-Length': '4', ...chunked }), `\r\n0\r\n\r\n${smuggled}`),
    raw('two lengths', head(line, { ...headers, 'Content-Length': '5' }), `Content-Length: 50\r\n\r\n${body}`),
    raw('chunks in disguise', head(line, { ...headers, 'Transfer-Encoding': 'xchunked, identity' }), `\r\n0\r\n\r\n${smuggled}`),
    raw('a chunk of a wrong size', head(line, { ...headers, ...chunked }), '\r\nFFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n'),
    raw('a negative length', head(line, { ...headers, 'Content-Length': '-1' }), '\r\n'),
    raw('a length that is none', head(line, { ...headers, 'Content-Length': '1e3' }), '\r\n'),
    raw(
      'the same header a hundred times',
      head(line, { ...headers, ...length }),
      'X-Switchboard-Secret: x\r\n'.repeat(100),
      '\r\n',
      body,
    ),
    raw('two content types', head(line, { ...headers, ...length }), 'Content-Type: text/x\r\nContent-Encoding: x\r\n\r\n', body),
    raw('a huge header', head(line, headers), `X-Filler: ${'x'.repeat(200_000)}\r\n\r\n`),
    raw('thousands of headers', head(line, headers), 'X-Filler: x\r\n'.repeat(5_000), '\r\n'),
    raw('a folded header', head(line, { ...headers, ...length }), 'X-A: b\r\n c\r\n\r\n', body),
    raw('a header with escapes', head(line, { ...headers, ...length }), 'X-A: \u001b[31m\r\nUser-Agent: \u009b1m\r\n\r\n', body),
    raw('no host', `${method} ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`),
    raw('an unknown method', head(`BREW ${path} HTTP/1.1`, headers), '\r\n'),
    raw('an unknown version', head(`${method} ${path} HTTP/9.9`, headers), '\r\n'),
    raw('no HTTP', '\u0016\u0003\u0001\u0000\r\n\r\n'),
    // Node-RED itself keeps such a connection, for its editor.
    { ...raw('an upgrade', head(line, { ...headers, Connection: 'Upgrade', Upgrade: 'h2c' }), '\r\n'), incomplete: true },
    request({ method, path, headers }, 'an unknown expectation', body, { Expect: 'the-unexpected' }),
    request({ method, path, headers }, 'an unknown encoding', body, { 'Content-Encoding': 'gzip, br, nonsense, gzip' }),
    request({ method, path, headers }, 'an unknown charset', body, { 'Content-Type': 'application/json; charset=klingon' }),
    request({ method, path, headers }, 'parts without a boundary', body, { 'Content-Type': 'multipart/form-data' }),
    request({ method, path, headers }, 'a form', '%=%&[a][b][c]=1&__proto__=x', {
      'Content-Type': 'application/x-www-form-urlencoded',
    }),
    request({ method, path, headers }, 'a form of many fields', Array.from({ length: 100_000 }, (_, i) => `k${i}=1`).join('&'), {
      'Content-Type': 'application/x-www-form-urlencoded',
    }),
    request(
      { method, path, headers },
      'a form of many parts',
      '--b\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n'.repeat(15_000),
      {
        'Content-Type': 'multipart/form-data; boundary=b',
      },
    ),
    { ...raw('too little', head(line, { ...headers, 'Content-Length': '100' }), '\r\n{'), incomplete: true },
  ];
}

/** The corpus for one surface. */
export function corpus(surface: Surface): Shot[] {
  const { method, path } = surface;
  const bodies = method === 'POST' ? Object.entries(BODIES).map(([name, body]) => request(surface, `a body: ${name}`, body)) : [];
  const [plain = '', query] = path.split('?');
  const targets = Object.entries(TARGETS).map(([name, end]) => {
    const target = end.startsWith('?') ? `${plain}${end}${query ? `&${query}` : ''}` : `${plain}${end}`;
    return request({ ...surface, path: target }, `a target: ${name}`, surface.body);
  });
  return [...bodies, ...targets, ...shapes(surface)].map((shot) => ({ ...shot, name: `${surface.name}, ${shot.name}` }));
}
