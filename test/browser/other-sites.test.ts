import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { encryptCredentials } from '../../src/cli/credentials.js';
import { serve, type TestServer } from '../http/server.js';
import { addressOf, RIGHTS } from '../live/admin-routes.js';
import { startNodeRed, until } from '../live/node-red.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';
import { seedStore } from '../nodes/sidebar/seed.js';
import { chromiumPath, launchBrowser } from './browser.js';
import { NODE_RED, startEditor } from './editor.js';

const SECRET = 'the-saved-password';
const VARIABLE = 'the-value-of-a-variable';

/** What a user runs locally without a login, while a page of another site is open in the browser. */
interface Victim {
  url: string;
  /** Node-RED's own admin API is protected too. */
  whole: boolean;
  stop(): Promise<unknown>;
}

const PLACES: Record<string, (partner: TestServer) => Promise<Victim>> = {
  [`Node-RED ${NODE_RED.version}`]: async (partner) => {
    const credentials = { sn1: { user: 'switchboard', password: SECRET } };
    const server = await startEditor({
      flow: flow(partner),
      async prepare(folder) {
        await seedStore(folder);
        writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify(encryptCredentials(credentials, 'test')));
      },
    });
    return { url: server.url, whole: false, stop: server.stop };
  },
  [`switchboard run --editor on Node-RED ${NODE_RED.version}`]: async (partner) => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-other-sites-'));
    await seedStore(join(folder, 'user'));
    const nodes = flow(partner).map((node) =>
      node.id === 'sn1' ? { ...node, credentials: { user: `\${SAVED_USER}`, password: `\${SAVED_PASSWORD}` } } : node,
    );
    const live = await startNodeRed({
      folder,
      flow: nodes,
      editor: true,
      env: { SAVED_USER: 'switchboard', SAVED_PASSWORD: SECRET },
    });
    return {
      url: `${live.url}/`,
      whole: true,
      stop: () => live.stop().then(() => rmSync(folder, { recursive: true, force: true })),
    };
  },
};

const flow = (partner: TestServer) => [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  { id: 'tmf1', type: 'switchboard-tmf-endpoint', ...tmfEndpointDefaults, store: 'store1', baseUrl: 'http://127.0.0.1:9' },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    store: 'store1',
    baseUrl: `${partner.url}/own`,
  },
];

for (const [place, start] of Object.entries(PLACES)) {
  describe(`another site's page and ${place}`, () => {
    let victim: Victim;
    let site: TestServer;
    let partner: TestServer;
    let browser: Browser;
    let page: Page;
    let opened: string;
    const heard: string[] = [];

    before(async function () {
      if (!chromiumPath()) return this.skip();
      process.env.SWB_OTHER_SITES = VARIABLE;
      partner = await serve((req, res) => {
        heard.push(`${req.method} ${req.url} ${JSON.stringify(req.headers)}`);
        res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"result":[]}');
      });
      site = await serve((_req, res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end('<body>You have won!'));
      victim = await start(partner);
      await until('the store to be open', async () => (await fetch(`${victim.url}switchboard/messages/m1`)).ok);
      browser = await launchBrowser('--host-resolver-rules=MAP *.example 127.0.0.1, MAP nodered 127.0.0.1');
    });
    after(async () => {
      delete process.env.SWB_OTHER_SITES;
      await browser?.close();
      await victim?.stop();
      await partner?.close();
      await site?.close();
    });
    beforeEach(async () => {
      heard.length = 0;
      opened = victim.url;
      page = await browser.newPage();
      // The compiler names functions with a helper that the page does not have.
      await page.addInitScript('globalThis.__name = (made) => made');
    });
    afterEach(() => page.close());

    /** Everything a request may have changed: operator actions (in the log), link edits (in the conversations) and the flows. */
    const standing = async () => {
      const paths = [
        'switchboard/audit',
        'switchboard/unmapped',
        'switchboard/conversations',
        ...(victim.whole ? ['flows'] : []),
      ];
      return Promise.all(paths.map(async (path) => (await fetch(victim.url + path)).text()));
    };
    const unharmed = async (attack: () => Promise<void>) => {
      const before = await standing();
      await attack();
      assert.deepEqual(await standing(), before);
      assert.deepEqual(heard, [], 'the server sent a request');
    };
    const theft = () => ({
      type: 'switchboard-servicenow-endpoint',
      config: { baseUrl: partner.url, auth: 'basic' },
      credentials: { user: `\${SWB_OTHER_SITES}`, password: '__PWRD__' },
      action: 'skip',
      ids: ['m1', 'd2'],
      reason: 'evil',
      payload: { evil: true },
      kind: 'merge',
    });
    const targets = () => Object.keys(RIGHTS).map((route) => addressOf(route));
    const posts = () => {
      const urls = targets().flatMap(({ method, path }) => (method === 'POST' ? [opened + path] : []));
      const variants = urls.flatMap((url) => [url, url.replace('/m1/', '/m9/'), url.replace('/d9/', '/d2/')]);
      return [...new Set(variants), ...(victim.whole ? [`${opened}flow`] : [])];
    };
    const gets = () => targets().flatMap(({ method, path }) => (method === 'GET' ? [opened + path] : []));

    /**
     * The host of the page, and the one the person opens Node-RED by: under one that is not loopback, browsers do not say which site a request
     * comes from.
     */
    const FROM: Record<string, [string, string]> = {
      'another host': ['evil.example', '127.0.0.1'],
      'another port of this machine': ['127.0.0.1', '127.0.0.1'],
      'another host, where Node-RED is opened by its name': ['evil.example', 'nodered'],
      'another port, where Node-RED is opened by its name': ['nodered', 'nodered'],
    };
    for (const [where, [from, name]] of Object.entries(FROM)) {
      describe(`from ${where}`, () => {
        beforeEach(async () => {
          opened = victim.url.replace('127.0.0.1', name);
          await page.goto(site.url.replace('127.0.0.1', from));
        });

        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
          it(`a script that posts ${type} has no effect`, () =>
            unharmed(async () => {
              await page.evaluate(
                async ({ urls, body, type }) => {
                  const send = (url: string, mode: RequestMode) =>
                    fetch(url, { method: 'POST', mode, body, headers: { 'Content-Type': type } }).catch(() => undefined);
                  for (const url of urls) {
                    await send(url, 'cors');
                    if (type !== 'application/json') await send(url, 'no-cors');
                    navigator.sendBeacon(url, new Blob([body], { type }));
                  }
                },
                { urls: posts(), body: JSON.stringify(theft()), type },
              );
            }));
        }

        for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
          it(`a form submitted as ${enctype} has no effect`, () =>
            unharmed(async () => {
              await page.evaluate(
                async ({ urls, text, enctype }) => {
                  const submitted = urls.map((url, n) => {
                    const frame = document.createElement('iframe');
                    frame.name = `hidden-${n}`;
                    document.body.append(frame);
                    const form = document.createElement('form');
                    Object.assign(form, { method: 'POST', action: url, target: frame.name, enctype });
                    // Sent as text, name and value form one JSON object.
                    const field = document.createElement('input');
                    Object.assign(field, { name: `${text.slice(0, -1)},"x":"`, value: '"}' });
                    const plain = ['reason', 'label', 'nodes[0][id]', 'nodes[0][type]'].map((name) =>
                      Object.assign(document.createElement('input'), { name, value: 'debug' }),
                    );
                    form.append(...(enctype === 'text/plain' ? [field] : plain));
                    document.body.append(form);
                    const loaded = new Promise((done) => frame.addEventListener('load', done, { once: true }));
                    form.submit();
                    return loaded;
                  });
                  await Promise.all(submitted);
                },
                { urls: posts(), text: JSON.stringify(theft()), enctype },
              );
            }));
        }

        it('a script reads nothing, and images and scripts do not make the server send anything', () =>
          unharmed(async () => {
            const read = await page.evaluate(async (urls) => {
              const texts: string[] = [];
              for (const url of urls) {
                await fetch(url).then(
                  async (answer) => answer.ok && texts.push(`${url} ${await answer.text()}`),
                  () => undefined,
                );
                for (const kind of ['img', 'script'] as const) {
                  const made = document.createElement(kind);
                  const ended = new Promise((done) => {
                    made.onload = done;
                    made.onerror = done;
                  });
                  made.src = url;
                  document.body.append(made);
                  await ended;
                }
              }
              return texts;
            }, gets());
            // Node-RED 4.1 lets every site read; the files of the page contain no data.
            assert.deepEqual(
              read.filter((text) => !/switchboard\/page/.test(text)),
              [],
            );
          }));

        it('the page cannot be shown in a frame', async () => {
          await page.evaluate((url) => {
            const frame = document.createElement('iframe');
            frame.src = url;
            const loaded = new Promise((done) => frame.addEventListener('load', done));
            document.body.append(frame);
            return loaded;
          }, `${opened}switchboard/page`);
          const shown = await page.frames()[1]?.evaluate(() => document.querySelector('h1')?.textContent ?? 'nothing of ours');
          assert.notEqual(shown, 'Switchboard');
        });

        it('a link opens the page', async () => {
          await page.evaluate((url) => {
            const link = document.createElement('a');
            Object.assign(link, { href: url, textContent: 'Look' });
            document.body.append(link);
          }, `${opened}switchboard/page`);
          await page.click('a');
          await page.waitForSelector('.switchboard-view');
        });
      });
    }

    it('a page whose host name resolves to this server (DNS rebinding) reads nothing and has no effect', () =>
      unharmed(async () => {
        const here = victim.url.replace('127.0.0.1', 'evil.example');
        await page.goto(`${here}switchboard/page/page.css`);
        const answers = await page.evaluate(
          async ({ gets, posts, body }) => {
            const answers: [string, number][] = [];
            const ask = async (url: string, init?: RequestInit) => answers.push([url, (await fetch(url, init)).status]);
            for (const url of gets) await ask(url);
            for (const url of posts) await ask(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
            return answers;
          },
          {
            gets: [...gets().filter((url) => !/\/page/.test(url)), ...(victim.whole ? [`${opened}flows`] : [])].map(rebound),
            posts: [...posts(), ...(victim.whole ? [`${opened}flows`] : [])].map(rebound),
            body: JSON.stringify(theft()),
          },
        );
        for (const [url, status] of answers) assert.equal(status, 403, url);

        function rebound(url: string): string {
          return url.replace(opened, here);
        }
      }));
  });
}
