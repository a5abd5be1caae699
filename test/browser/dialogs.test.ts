import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { encryptCredentials } from '../../src/cli/credentials.js';
import { ENTITY_TYPES } from '../../src/endpoints/servicenow/form.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { serviceNowEndpointDefaults, serviceNowInDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, editNode, NODE_RED, openEditor, scriptErrors, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme',
    store: 'store1',
    baseUrl: 'http://127.0.0.1:9',
  },
  {
    id: 'tmf1',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'North',
    store: 'store1',
    baseUrl: 'https://north.example',
    tokenUrl: 'https://north.example/token',
  },
  {
    id: 'in1',
    type: 'switchboard-servicenow-in',
    z: 'tab',
    x: 200,
    y: 100,
    ...serviceNowInDefaults,
    endpoint: 'sn1',
    path: 'a',
    wires: [[]],
  },
  { id: 'tls1', type: 'tls-config', name: 'lax', cert: '', key: '', ca: '', verifyservercert: false },
  { id: 'proxy1', type: 'http proxy', name: 'corp', url: 'http://proxy.example:3128', noproxy: [] },
];

/** Nodes as version 0.1.0 saved them; undefined properties are not written. */
const OLD_FLOW = [
  {
    ...FLOW[2],
    id: 'sn2',
    name: 'Old',
    settling: undefined,
    proxyUse: undefined,
    proxy: undefined,
    maxRetryAfter: undefined,
    attachments: undefined,
    attachmentTypes: undefined,
    attachmentMegabytes: undefined,
    attachmentNameLength: undefined,
  },
  { ...FLOW[4], id: 'in2', y: 200, endpoint: 'sn2', path: 'b' },
  { ...FLOW[4], id: 'in3', y: 300, path: 'c', webhookAuth: 'hmac' },
];

/** An in node without a secret; all others have what they need. */
const WITHOUT_SECRET = { ...FLOW[4], id: 'in4', y: 400, path: 'd' };
const USER = { user: 'me', password: 'hunter2', apiKey: 'key' };
const SECRET = { secret: 'hunter2' };
const CREDENTIALS = { sn1: USER, sn2: USER, tmf1: { clientId: 'me' }, in1: SECRET, in2: SECRET, in3: SECRET };

describe(`the dialogs in Node-RED ${NODE_RED.version}`, () => {
  let sandbox: Sandbox;
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    sandbox = await startSandbox();
    server = await startEditor({
      flow: [...FLOW, ...OLD_FLOW, WITHOUT_SECRET],
      prepare: async (folder) =>
        writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify(encryptCredentials(CREDENTIALS, 'test'))),
    });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
    await sandbox?.close();
  });
  afterEach(async () => {
    await page.evaluate('document.querySelector("#node-config-dialog-cancel, #node-dialog-cancel")?.click()');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });
  /** What is wrong with a node as it is deployed, with some of its settings changed. */
  const reasonsOf = (id: string, changes: object) =>
    page.evaluate(`(() => {
      const node = { ...RED.nodes.node(${JSON.stringify(id)}), ...${JSON.stringify(changes)} };
      RED.editor.validateNode(node);
      return node.validationErrors;
    })()`);
  const config = (name: string) => page.locator(`#node-config-input-${name}`);
  const shot = (name: string) =>
    process.env.SCREENSHOTS && page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}-${NODE_RED.version}.png` });

  it('require the fields of a sign-in method as soon as it is chosen', async () => {
    await editNode(page, 'sn1');
    const missing = () => config('tokenUrl').evaluate((element) => element.classList.contains('input-error'));
    assert.equal(await missing(), false);
    await config('auth').selectOption('oauthPassword');
    assert.equal(await missing(), true);
    await config('tokenUrl').pressSequentially('/oauth_token.do');
    assert.equal(await missing(), false);
    await config('baseUrl').fill('acme');
    await config('baseUrl').press('x');
    await page.waitForSelector('#node-config-input-baseUrl.input-error');
  });

  it('mark a credential that is missing, in the dialog and at the node, but none that is saved or not needed', async () => {
    const isMarked = (field: string) => page.locator(`#${field}`).evaluate((input) => input.classList.contains('input-error'));
    const triangles = () => page.evaluate(`RED.nodes.node('in4').validationErrors`);
    const close = async () => {
      await page.click('#node-dialog-ok, #node-config-dialog-ok');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    };
    await editNode(page, 'in4');
    assert.equal(await isMarked('node-input-secret'), true);
    await page.locator('#node-input-webhookAuth').selectOption('basic');
    for (const [field, marked] of [
      ['secret', false],
      ['webhookUser', true],
      ['webhookPassword', true],
      ['formerSecret', false],
    ] as const)
      assert.equal(await isMarked(`node-input-${field}`), marked, field);
    await close();
    assert.deepEqual(await triangles(), ['A value is required', 'A value is required']);
    await editNode(page, 'in4');
    await page.fill('#node-input-webhookUser', `\${WEBHOOK_USER}`);
    await page.locator('#node-input-webhookPassword').pressSequentially('p');
    assert.deepEqual([await isMarked('node-input-webhookUser'), await isMarked('node-input-webhookPassword')], [false, false]);
    await shot('credentials');
    await close();
    assert.deepEqual(await triangles(), []);
    await editNode(page, 'sn1');
    assert.equal(await page.inputValue('#node-config-input-password'), '__PWRD__');
    assert.equal(await isMarked('node-config-input-user'), false);
    await config('auth').selectOption('oauthClientCredentials');
    assert.deepEqual(
      [await isMarked('node-config-input-clientId'), await isMarked('node-config-input-clientSecret')],
      [true, false],
    );
    await config('auth').selectOption('apiKey');
    assert.equal(await isMarked('node-config-input-apiKey'), false, 'saved as well');
  });

  it('warn of addresses that can be read on the way, and of certificates that are not verified', async () => {
    const risks = page.locator('.switchboard-risk:visible');
    await editNode(page, 'sn1');
    await page.click('summary:has-text("More settings")');
    assert.equal(await risks.count(), 0);
    await config('baseUrl').fill('http://acme.example');
    await page.getByText('can be read and changed on its way').waitFor();
    await config('baseUrl').fill('https://acme.example');
    await page.getByText('can be read and changed on its way').waitFor({ state: 'hidden' });
    await config('tls').selectOption({ label: 'lax' });
    await page.getByText('The server certificate is not verified').waitFor();
    assert.equal(await risks.count(), 1);
    await shot('risks');
  });

  it('offer the tables and columns of the instance in the dialog by their labels', async () => {
    await editNode(page, 'sn1');
    await config('baseUrl').fill(`${sandbox.url}/servicenow`);
    await config('user').fill('switchboard');
    await config('password').fill(sandbox.environment.SANDBOX_SERVICENOW_PASSWORD!);
    await page.click('summary:has-text("Record types")');
    const table = page.locator('#switchboard-rows-entityTypes [data-column=table]').first();
    await table.focus();
    const offered = page.locator('#switchboard-type-0-table-list option');
    // The built-in list is shown until the instance has responded.
    await page.locator('#switchboard-type-0-table-list option[label="Incident (incident)"]').waitFor({ state: 'attached' });
    const options = await offered.evaluateAll((all) => all.map((one) => [one.getAttribute('value'), one.getAttribute('label')]));
    assert.ok(options.some(([value, label]) => value === 'incident' && label === 'Incident (incident)'));
    assert.equal(options.filter(([value]) => value === 'incident').length, 1);
    assert.ok(options.some(([value]) => value === 'sc_task'));
    assert.equal(await page.locator('#switchboard-rows-entityTypes-note').innerText(), '');
    await shot('record-types');
  });

  it('offer the built-in tables without the instance, and say why', async () => {
    await editNode(page, 'sn1');
    await config('auth').selectOption('none');
    await page.click('summary:has-text("Record types")');
    await page.locator('#switchboard-rows-entityTypes [data-column=table]').first().focus();
    await page.getByText('These are the ones known beforehand').waitFor();
    const offered = await page.locator('#switchboard-type-0-table-list option').count();
    assert.equal(offered, ENTITY_TYPES.length);
  });

  it('mark a duplicate record type, or one without a table, in its row while typing', async () => {
    await editNode(page, 'sn1');
    await page.click('summary:has-text("Record types")');
    const name = page.locator('#switchboard-rows-entityTypes [data-column=name]');
    await name.nth(1).fill('incident');
    assert.match((await name.nth(1).getAttribute('title')) ?? '', /Another row already has this name/);
    await name.nth(1).fill('problem');
    assert.equal(await name.nth(1).getAttribute('title'), '');
    const table = page.locator('#switchboard-rows-entityTypes [data-column=table]').nth(1);
    await table.fill('');
    assert.equal(await table.getAttribute('title'), 'A value is required');
  });

  it('show the important settings first and fold the rest until one is invalid', async () => {
    for (const id of ['sn1', 'tmf1', 'store1']) {
      await editNode(page, id);
      assert.equal(await page.locator('#node-config-dialog-edit-form details[open]').count(), 0, id);
      const shown = await page.locator('#node-config-dialog-edit-form .form-row:visible').count();
      assert.ok(shown <= 11, `${id} shows ${shown} rows`);
      await shot(`dialog-${id}`);
      await page.click('#node-config-dialog-cancel');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    }
  });

  it('show the default of a setting that is newer than the flow', async () => {
    const valid = (id: string) => page.evaluate(`RED.nodes.node('${id}').valid`);
    assert.deepEqual([await valid('sn2'), await valid('in2')], [true, true]);
    await editNode(page, 'sn2');
    assert.equal(await config('settling').inputValue(), serviceNowEndpointDefaults.settling);
    assert.equal(await config('maxRetryAfter').inputValue(), serviceNowEndpointDefaults.maxRetryAfter);
    assert.equal(await config('proxyUse').inputValue(), '');
    assert.equal(await config('attachments').inputValue(), 'all');
    assert.equal(await config('attachmentMegabytes').inputValue(), serviceNowEndpointDefaults.attachmentMegabytes);
    assert.equal(await page.locator('#node-config-dialog-edit-form .input-error').count(), 0);
  });

  it('offer the proxy configurations of Node-RED where one is wanted', async () => {
    await editNode(page, 'tmf1');
    await page.evaluate(`for (const one of document.querySelectorAll('.red-ui-tray details')) one.open = true`);
    assert.equal(await config('proxy').isVisible(), false);
    await config('proxyUse').selectOption('node');
    await config('proxy').selectOption('proxy1');
    await shot('proxy');
    await page.click('#node-config-dialog-ok');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    const saved = await page.evaluate(`(({ proxyUse, proxy }) => [proxyUse, proxy])(RED.nodes.node('tmf1'))`);
    assert.deepEqual(saved, ['node', 'proxy1']);
  });

  it('take other hosts of the partner, and mark what is none', async () => {
    await editNode(page, 'tmf1');
    await page.evaluate(`for (const one of document.querySelectorAll('.red-ui-tray details')) one.open = true`);
    await config('allowedHosts').fill('files.partner.example, https://files.partner.example/a');
    await config('allowedHosts').press('b');
    await page.waitForSelector('#node-config-input-allowedHosts.input-error');
    assert.deepEqual(await reasonsOf('tmf1', { allowedHosts: 'a.example, https://b.example/a' }), [
      '"https://b.example/a" is not a host. Enter hosts such as files.partner.example, *.partner.example or 10.1.2.3:8443',
    ]);
    await config('allowedHosts').fill('files.partner.example, *.partner.example, 10.1.2.3:844');
    await config('allowedHosts').press('3');
    await page.waitForSelector('#node-config-input-allowedHosts:not(.input-error)');
    await shot('other-hosts');
    await page.click('#node-config-dialog-ok');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    const saved = await page.evaluate(`RED.nodes.node('tmf1').allowedHosts`);
    assert.match(String(saved), /10\.1\.2\.3:8443|3files/);
  });

  it('have a header for each kind of webhook, but leave one that was saved or entered', async () => {
    await editNode(page, 'in3');
    const input = (name: string) => page.locator(`#node-input-${name}`);
    const header = () => input('webhookHeader').inputValue();
    assert.equal(await header(), 'x-switchboard-secret', 'as saved');
    await input('webhookAuth').selectOption('header');
    await input('webhookAuth').selectOption('timed');
    assert.equal(await header(), 'x-switchboard-signature');
    await input('webhookAuth').selectOption('header');
    assert.equal(await header(), 'x-switchboard-secret');
    await input('webhookHeader').fill('x-acme');
    await input('webhookAuth').selectOption('hmac');
    assert.equal(await header(), 'x-acme');
    await page.click('#node-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('mark a path that no request, and a header that no message can have, and say why', async () => {
    const [path, header] = [/^No request can have this path\. Use letters/, /^No header can have this name\. Use letters/];
    for (const [id, name, wrong, right, reason] of [
      ['in1', 'path', '../x y?z', `acme/\${PLACE}`, path],
      ['in1', 'webhookHeader', 'bad header!', 'x-acme', header],
      ['tmf1', 'apiPath', '/tmf api/v4', '', path],
      ['sn1', 'apiKeyHeader', 'x-größe', `\${HEADER}`, header],
    ] as const) {
      const auth = name === 'apiKeyHeader' ? { auth: 'apiKey' } : {};
      assert.match(String(await reasonsOf(id, { ...auth, [name]: wrong })), reason, name);
      assert.deepEqual(await reasonsOf(id, { ...auth, [name]: right }), [], name);
    }
    await editNode(page, 'in1');
    const input = page.locator('#node-input-path');
    await input.fill('../x y?z');
    await input.press('End');
    await page.waitForSelector('#node-input-path.input-error');
    await input.hover();
    await page.locator('.red-ui-popover', { hasText: 'No request can have this path' }).waitFor();
    await shot('wrong-path');
  });

  it('take the types of attachments, and mark what is none', async () => {
    await editNode(page, 'tmf1');
    await page.evaluate(`for (const one of document.querySelectorAll('.red-ui-tray details')) one.open = true`);
    const types = config('attachmentTypes');
    const isMarked = async (text: string) => {
      await types.fill(text);
      await types.press('End');
      await types.blur();
      return types.evaluate((field) => field.classList.contains('input-error'));
    };
    await config('attachments').selectOption('only');
    for (const invalid of ['', '*', 'pdf, tar.gz']) assert.equal(await isMarked(invalid), true, invalid);
    for (const valid of ['pdf, png, image/*', `\${TYPES}`]) assert.equal(await isMarked(valid), false, valid);
    await page.click('#node-config-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('show a unit on the same line as its number', async () => {
    for (const id of ['sn1', 'tmf1', 'store1', 'in1']) {
      await editNode(page, id);
      await page.evaluate(`for (const one of document.querySelectorAll('.red-ui-tray details')) one.open = true`);
      const apart = await page.locator('.red-ui-tray .switchboard-short:visible').evaluateAll((inputs) =>
        inputs.flatMap((input) => {
          const unit = input.nextElementSibling;
          const lines = unit?.getClientRects() ?? [];
          const beside = lines.length === 1 && lines[0]!.top < input.getBoundingClientRect().bottom;
          return unit && !beside ? [unit.textContent] : [];
        }),
      );
      await page.locator('.red-ui-tray .switchboard-short:visible').last().scrollIntoViewIfNeeded();
      await shot(`units-${id}`);
      assert.deepEqual(apart, [], id);
      await page.evaluate('document.querySelector("#node-config-dialog-cancel, #node-dialog-cancel")?.click()');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    }
  });

  it('are in German if the editor is: labels, errors and help', async () => {
    const german = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'de-DE' });
    const wrong = scriptErrors(german);
    await german.addInitScript(() => localStorage.setItem('editor-language', 'de'));
    await german.goto(server.url);
    await german.waitForFunction('typeof RED !== "undefined" && RED.nodes?.node("sn1")?._def');
    await editNode(german, 'sn1');
    const form = await german.locator('#node-config-dialog-edit-form').innerText();
    for (const word of ['Basis-URL', 'Anmelden mit', 'Speicher', 'Verbindung testen', 'Weitere Einstellungen', 'Datensatztypen'])
      assert.ok(form.includes(word), word);
    await german.fill('#node-config-input-baseUrl', '');
    await german.press('#node-config-input-baseUrl', 'Backspace');
    const [reason, help] = (await german.evaluate(
      `[RED.nodes.getType('switchboard-servicenow-endpoint')._('invalid.missing'), RED.nodes.getNodeHelp('switchboard-servicenow-in')]`,
    )) as [string, string];
    assert.equal(reason, 'Wert erforderlich');
    assert.match(help, /Empfängt Datensätze aus ServiceNow/);
    if (process.env.SCREENSHOTS) await german.screenshot({ path: `${process.env.SCREENSHOTS}/german-${NODE_RED.version}.png` });
    assert.deepEqual(wrong, []);
    await german.close();
  });

  it('cause no errors in the browser', () => {
    // The dialog shows what the runtime rejects (no user yet); the browser logs it too.
    assert.deepEqual(
      errors.filter((error) => !error.includes('409 (Conflict)')),
      [],
    );
  });
});
