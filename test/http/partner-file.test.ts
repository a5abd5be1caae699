import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { allowedHosts } from '../../src/http/allowed-hosts.js';
import type { Resolve } from '../../src/http/egress.js';
import { ExchangeLog, exchangeOf } from '../../src/http/exchange-log.js';
import type { HttpClient, HttpOptions } from '../../src/http/http.js';
import { ProxyServer } from './proxy-server.js';
import { failureOf, serve, TestClients, type TestServer } from './server.js';

const INTERNAL = 'the answer of an internal service';
const AUTH = { kind: 'apiKey', header: 'x-api-key', key: 'k3y-of-ours' } as const;

describe('a file whose address a partner names', () => {
  let partner: TestServer;
  let listener: RequestListener;
  /** A service at all addresses of this machine. */
  let internal: Server;
  let port: number;
  let connections: number;
  let headers: Record<string, unknown>[];
  const clients = new TestClients();
  before(async () => {
    partner = await serve((req, res) => listener(req, res));
    internal = createServer((req, res) => {
      headers.push(req.headers);
      if (req.url?.startsWith('/moved')) res.writeHead(302, { Location: req.url.slice('/moved'.length) }).end();
      else if (req.url === '/loop') {
        const other = req.headers.host?.startsWith('127.0.0.2') ? '127.0.0.3' : '127.0.0.2';
        res.writeHead(302, { Location: `http://${other}:${port}/loop` }).end();
      } else if (req.url === '/page') res.writeHead(200, { 'Content-Type': 'text/html' }).end(INTERNAL);
      else res.end(INTERNAL);
    });
    internal.on('connection', () => connections++);
    internal.listen(0, '::').once('error', () => internal.listen(0, '0.0.0.0'));
    await once(internal, 'listening');
    port = (internal.address() as AddressInfo).port;
  });
  after(async () => {
    internal.closeAllConnections();
    internal.close();
    await partner.close();
  });
  beforeEach(() => {
    listener = (req, res) => res.end(`${req.url} ${req.headers['x-api-key']}`);
    connections = 0;
    headers = [];
  });
  afterEach(() => clients.close());

  const client = (other = '', more: Partial<HttpOptions> = {}) =>
    clients.make(`${partner.url}/api`, { auth: AUTH, allowedHosts: allowedHosts(other).hosts, ...more });
  const fetched = async (address: string, made: HttpClient) => text(await made.file(address, 'download f.txt'));
  const refused = async (address: string, made = client()) => {
    const log = new ExchangeLog();
    const error = await log.during(() => failureOf(fetched(address, made)));
    const shown = JSON.stringify([error.message, error.stack, error.answer, error.cause, exchangeOf(error), log.exchanges()]);
    assert.doesNotMatch(shown, new RegExp(INTERNAL));
    return error;
  };
  /** Every name is at the next of these addresses, at the last one for ever. */
  const at = (...addresses: string[]): { resolve: Resolve } => ({
    resolve: (_name, _options, callback) => {
      const address = addresses.length > 1 ? addresses.shift()! : addresses[0]!;
      setImmediate(() => callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]));
    },
  });

  it('at the partner’s own origin comes with our credentials, whatever the form of the address', async () => {
    for (const address of [`${partner.url}/f`, '/f', '../f', `http://0x7f.1:${new URL(partner.url).port}/f`])
      assert.equal(await fetched(address, client()), '/f k3y-of-ours');
  });

  it('comes with the media type that the answer names', async () => {
    const { mediaType } = await client().file('/f', 'download f.txt');
    listener = (_req, res) => res.writeHead(200, { 'Content-Type': 'Text/HTML; charset=utf-8' }).end('<html>');
    const page = await client().file('/f', 'download f.txt');
    assert.deepEqual([mediaType, page.mediaType], ['', 'text/html']);
    page.destroy();
  });

  for (const host of [
    ...['127.0.0.1', '127.0.0.2', 'localhost', 'localhost.', 'a.localhost', '[::1]', '2130706433', '0x7f.1', '017700000001', '0'],
    ...['[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', 'ann:pw@127.0.0.1', '127.1'],
  ])
    it(`at ${host} is refused in words, and the service there never asked`, async () => {
      const address = `http://${host}:${port}/secrets?token=t`;
      const error = await refused(address);
      assert.deepEqual([error.code, error.outcome, error.retry, connections], ['SWB_ADDRESS', 'notDone', false, 0]);
      const shown = new URL(address).host;
      assert.ok(error.message.startsWith(`Acme: download f.txt was refused: ${shown} is `), error.message);
      assert.ok(error.message.includes(`add ${shown} to Other hosts in the endpoint’s settings and deploy. Then replay.`));
    });

  it('at a host that is not allowed is refused', async () => {
    const error = await refused('https://files.other.example/f', client('files.partner.example'));
    assert.equal(error.code, 'SWB_ADDRESS');
    assert.match(
      error.message,
      /files\.other\.example is neither the endpoint’s own host nor one of its other hosts\. If the host/,
    );
  });

  for (const address of ['file:///etc/passwd', 'ftp://files.partner.example/f', 'data:text/plain,f', 'javascript:1'])
    it(`with the address ${address} is refused`, async () => {
      const error = await refused(address);
      assert.equal(error.code, 'SWB_ADDRESS');
      assert.match(error.message, /only http and https are supported/);
    });

  for (const address of ['http://[fe80::1%25lo]/f', 'http://files.partner.example:99999/f', 'https://'])
    it(`with the address ${address}, which cannot be read, is refused`, async () => {
      const error = await refused(address);
      assert.deepEqual([error.code, error.retry], ['SWB_ADDRESS', false]);
      assert.match(error.message, /download f\.txt was refused: its URL is not valid\. Ask the partner for the file/);
    });

  it('with credentials in its address comes with ours', async () => {
    const { host } = new URL(partner.url);
    listener = (req, res) => res.end(String(req.headers.authorization));
    const made = client('', { auth: { kind: 'basic', user: 'we', password: 'ours' } });
    assert.equal(await fetched(`http://ann:pw@${host}/f`, made), `Basic ${Buffer.from('we:ours').toString('base64')}`);
  });

  for (const address of ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', '0.0.0.0', '169.254.169.254'])
    it(`at an allowed host that turns out to be at ${address} is refused, and nothing connects`, async () => {
      const host = `files.partner.example:${port}`;
      const error = await refused(`http://${host}/f`, client(host, at(address)));
      assert.deepEqual([error.code, error.retry, connections], ['SWB_ADDRESS', false, 0]);
      assert.ok(error.message.includes(`download f.txt was refused: ${host} has the address `), error.message);
      assert.match(error.message, /Nothing was sent\. If this is where the partner is, add \S+ to Other hosts/);
    });

  it('at an allowed host by https that turns out to be inside is refused, and nothing connects', async () => {
    const host = `files.partner.example:${port}`;
    const error = await refused(`https://${host}/f`, client(host, at('127.0.0.1')));
    assert.deepEqual([error.code, connections], ['SWB_ADDRESS', 0]);
  });

  it('at an allowed host and address comes without our credentials', async () => {
    const host = `files.partner.example:${port}`;
    assert.equal(await fetched(`http://${host}/f`, client(`${host} 127.0.0.2:${port}`, at('127.0.0.2'))), INTERNAL);
    assert.deepEqual([headers[0]?.host, headers[0]?.['x-api-key'], headers[0]?.authorization], [host, undefined, undefined]);
  });

  it('at an allowed host that gets another address meanwhile (DNS rebinding) is refused', async () => {
    const host = `files.partner.example:${port}`;
    const made = client(`${host} 127.0.0.2:${port}`, at('127.0.0.2', '127.0.0.1'));
    assert.equal(await fetched(`http://${host}/f`, made), INTERNAL);
    assert.equal((await refused(`http://${host}/f`, made)).code, 'SWB_ADDRESS');
    assert.deepEqual([headers.length, connections], [1, 1]);
  });

  describe('that is redirected', () => {
    const redirect = (location: string, status = 302) => {
      listener = (_req, res) => res.writeHead(status, { Location: location }).end();
    };

    for (const [what, other, location] of [
      ['a service inside', '', () => `http://127.0.0.1:${port}/f?token=t`],
      ['another port of an allowed host', '127.0.0.1', () => `http://127.0.0.1:${port}/f`],
      ['another allowed address', '127.0.0.2', () => `http://127.0.0.1:${port}/f`],
    ] as const)
      it(`from the partner to ${what} is not followed: it may be its page to sign in`, async () => {
        redirect(location());
        const error = await refused(`${partner.url}/f`, client(other));
        assert.deepEqual([error.status, connections], [302, 0]);
        assert.match(
          error.message,
          /If the file is at 127\.0\.0\.1:\d+, add this host to Other hosts.* If this is a page to sign in/,
        );
        assert.doesNotMatch(error.message, /token/);
      });

    it('from an allowed host to one that is not allowed is not followed', async () => {
      const made = client(`127.0.0.2:${port}`);
      const error = await refused(`http://127.0.0.2:${port}/movedhttp://127.0.0.1:${port}/f`, made);
      assert.deepEqual([error.status, headers.length], [302, 1]);
    });

    it('to an allowed host that turns out to be inside is refused', async () => {
      const host = `files.partner.example:${port}`;
      redirect(`http://${host}/f`);
      const error = await refused(`${partner.url}/f`, client(host, at('127.0.0.1')));
      assert.deepEqual([error.code, connections], ['SWB_ADDRESS', 0]);
    });

    for (const status of [301, 302, 303, 307, 308])
      it(`by ${status} from the partner to an allowed host is followed, without credentials`, async () => {
        redirect(`http://127.0.0.2:${port}/f`, status);
        assert.equal(await fetched(`${partner.url}/f`, client(`127.0.0.2:${port}`)), INTERNAL);
        assert.deepEqual([headers.length, headers[0]?.['x-api-key']], [1, undefined]);
      });

    it('by 303 within the partner’s origin is not followed, and no host is to be added', async () => {
      redirect('/other', 303);
      const { status, message } = await refused(`${partner.url}/f`);
      assert.equal(status, 303);
      assert.doesNotMatch(message, /Other hosts/);
    });

    it('back from an allowed host to the partner does not get its credentials', async () => {
      let asked = 0;
      listener = (_req, res) => {
        asked++;
        res.writeHead(302, { Location: `http://127.0.0.2:${port}/moved${partner.url}/other-ticket` }).end();
      };
      assert.equal((await refused(`${partner.url}/f`, client(`127.0.0.2:${port}`))).status, 302);
      assert.deepEqual([asked, headers.length], [1, 1]);
    });

    it('from one allowed host to another for ever is followed a few times', async () => {
      const other = `127.0.0.2:${port} 127.0.0.3:${port}`;
      redirect(`http://127.0.0.2:${port}/loop`);
      assert.equal((await refused(`${partner.url}/f`, client(other))).status, 302);
      assert.ok(headers.length > 2 && headers.length < 12, `${headers.length} requests`);
    });

    it('to a page of an allowed host is no file', async () => {
      redirect(`http://127.0.0.2:${port}/page`);
      assert.equal((await refused(`${partner.url}/f`, client(`127.0.0.2:${port}`))).status, 302);
    });

    it('within an allowed host is followed', async () => {
      assert.equal(await fetched(`http://127.0.0.2:${port}/moved/f`, client(`127.0.0.2:${port}`)), INTERNAL);
    });
  });

  describe('where a proxy resolves names', () => {
    let proxy: ProxyServer;
    beforeEach(async () => {
      proxy = await ProxyServer.start();
    });
    afterEach(() => proxy.close());
    const behind = (other = '') => {
      const url = `http://${proxy.host}`;
      return client(other, { proxies: { http: url, https: url, except: [new URL(partner.url).host] } });
    };

    it('comes from an allowed host without our credentials', async () => {
      const host = `files.partner.example:${port}`;
      assert.equal(await fetched(`http://${host}/f`, behind(host)), INTERNAL);
      assert.deepEqual([headers[0]?.host, headers[0]?.['x-api-key']], [host, undefined]);
      assert.deepEqual(
        proxy.seen.map(({ target }) => target),
        [`http://${host}/f`],
      );
    });

    for (const address of [
      ...['http://files.other.example/f', 'https://files.other.example/f', 'http://127.0.0.1:9/f', 'https://10.0.0.1/f'],
      ...['http://169.254.169.254/latest/meta-data/', 'https://[fd00:ec2::254]/f', 'http://0xa9fea9fe/f'],
    ])
      it(`does not come from ${address}: the proxy is never asked`, async () => {
        assert.equal((await refused(address, behind('*.partner.example'))).code, 'SWB_ADDRESS');
        assert.deepEqual([proxy.seen, proxy.connections], [[], 0]);
      });
  });
});

describe('an endpoint whose own name', () => {
  const clients = new TestClients();
  afterEach(() => clients.close());
  const asked = (url: string, address: string) =>
    clients
      .make(url, { resolve: (_name, _options, callback) => callback(null, [{ address, family: 4 }]) })
      .request({ method: 'POST', path: '/things', body: {}, what: 'create thing' });

  it('is in a private network works', async () => {
    const server = await serve((_req, res) => res.end('{"id":"1"}'));
    try {
      const { body } = await asked(`http://itsm.acme.example:${new URL(server.url).port}`, '127.0.0.1');
      assert.deepEqual(body, { id: '1' });
    } finally {
      await server.close();
    }
  });

  it('has the address of a metadata service gets nothing, and is tried again later', async () => {
    const error = await failureOf(asked('http://itsm.acme.example', '169.254.169.254'));
    assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'notDone', true]);
    assert.match(
      error.message,
      /got no response: itsm\.acme\.example has the address 169\.254\.169\.254, the address of a cloud’s metadata service\. Nothing/,
    );
  });
});
