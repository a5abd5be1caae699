import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import type { MessageList } from '../../nodes/sidebar/views.js';
import type { Change } from '../../src/store/store.js';
import { conversation, HOSTILE, seedStore } from '../nodes/sidebar/seed.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, NODE_RED, openEditor, startEditor } from './editor.js';
import { answersLate, endpointsHeldBack, MESSAGES_FLOW, openMessages, shows } from './messages-flow.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const MAPPING = { id: 'map1', type: 'switchboard-mapping', name: 'Acme incident', system: 'servicenow', entityType: 'incident' };
const FLOW = [...MESSAGES_FLOW, MAPPING];
const USER = { username: 'operator', password: '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu' }; // secret

describe(`the messages view in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  before(async function () {
    if (!chromiumPath()) return this.skip();
    const names: Change = { kind: 'setting', key: 'endpointNames', value: { gone: 'Old Telecom' } };
    const ended: Change = { kind: 'conversation', record: conversation(9, { state: 'closed', title: 'Jane Doe is offline' }) };
    server = await startEditor({ flow: FLOW, prepare: (folder) => seedStore(folder, [names, ended]) });
    browser = await sharedBrowser();
    ({ page, errors } = await openEditor(browser, server));
    await openMessages(page);
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const rows = (of: Page = page) =>
    of.$$eval('.switchboard-row', (all) => all.map((row) => row.querySelector('b')?.textContent?.slice(-1)).join(''));

  it('lists messages, newest first', async () => {
    assert.equal(await rows(), '654321');
    const text = (await page.locator('.switchboard-row').nth(4).innerText()).replace(/\s+/g, ' ');
    assert.match(text, /^Failed .* INC0010022.* Acme ServiceNow → North Telecom .*refused \(400\)/);
  });

  it('fits the sidebar without horizontal scrolling', async () => {
    const wide = await page.$$eval('.switchboard-view, .switchboard-view *', (all) =>
      all
        .filter(
          (one) =>
            one.scrollWidth > one.clientWidth + 1 &&
            !['hidden', 'auto'].includes(getComputedStyle(one).overflowX) &&
            one.clientWidth > 0,
        )
        .map((one) => one.className),
    );
    assert.deepEqual(wide, []);
  });

  it('counts problems on its filters, and filters', async () => {
    const filter = (name: string) => page.locator('.switchboard-filter', { hasText: name });
    assert.equal(await filter('Problems').innerText(), 'Problems2');
    await filter('Problems').click();
    await shows(page, '62');
    await filter('Unrouted').click();
    await shows(page, '5');
    await filter('All').click();
    await shows(page, '654321');
  });

  it("finds a ticket by the partner's number", async () => {
    await page.fill('.switchboard-view input[type=search]', 'TT-9003');
    await shows(page, '3');
    await page.fill('.switchboard-view input[type=search]', '');
    await shows(page, '654321');
  });

  it('shows a message next to the list or in its place, with ticket texts as plain text', async () => {
    await page.locator('.switchboard-row', { hasText: 'INC0010022' }).click();
    await page.waitForSelector('.switchboard-detail');
    const detail = page.locator('.switchboard-detail');
    const text = await detail.innerText();
    assert.ok(text.includes(HOSTILE), 'the title is shown as written');
    assert.match(text, /SWB-7K3M9Q2X4F2A/);
    assert.match(text, /create troubleTicket · 400 · 96 ms/);
    await detail.locator('.switchboard-http > summary').click();
    assert.match(
      await detail.locator('.switchboard-exchange').innerText(),
      /POST https:\/\/north\.example[\s\S]*Authorization: •••[\s\S]*Response 400[\s\S]*Invalid body field/,
    );
    assert.equal(await detail.locator('img, b:has-text("down")').count(), 0);
    assert.notEqual(await page.title(), 'owned');
    assert.equal(await detail.locator('a').getAttribute('href'), 'https://acme.service-now.com/incident.do?n=2');
  });

  it('returns with Escape to the row in the list', async () => {
    await page.locator('.switchboard-detail').press('Escape');
    await page.waitForSelector('.switchboard-detail', { state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.dataset.id'), 'm2');
  });

  it('takes the focus when a message is drawn by a refresh that came while it opened', async () => {
    await answersLate(page, 'messages/m2');
    await page.locator('.switchboard-row', { hasText: 'INC0010022' }).click();
    await page.getByRole('tab', { name: 'Messages', exact: true }).dispatchEvent('click');
    await page.waitForSelector('.switchboard-detail');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.switchboard-detail', { state: 'detached' });
  });

  it('filters the list by endpoint, direction and state', async () => {
    await page.locator('.switchboard-more-filters').click();
    const panel = page.locator('.switchboard-filter-panel');
    await panel.getByLabel('Endpoint').selectOption({ label: 'North Telecom' });
    await shows(page, '321');
    await panel.getByLabel('Direction').selectOption({ label: 'Incoming' });
    await shows(page, '');
    assert.match(await page.locator('.switchboard-notice').first().innerText(), /No matches/);
    await panel.getByLabel('Direction').selectOption({ label: 'Outgoing' });
    await panel.getByLabel('State').selectOption({ label: 'Delivered' });
    await shows(page, '31');
    assert.equal(await page.locator('.switchboard-more-filters').innerText(), 'Filters2');
    await panel.getByText('Clear filters').click();
    await shows(page, '654321');
    await panel.getByLabel('Endpoint').selectOption({ label: 'Old Telecom (deleted)' });
    await shows(page, '');
    await panel.getByText('Clear filters').click();
    await shows(page, '654321');
    await page.locator('.switchboard-more-filters').click();
  });

  it('can be used with the keyboard only', async () => {
    await page.locator('.switchboard-row').first().focus();
    const at = () => page.evaluate<string>('document.activeElement.dataset.id');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'End', 'ArrowUp']) await page.keyboard.press(key);
    assert.equal(await at(), 'm2');
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none', 'focus shows');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.switchboard-detail');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.switchboard-detail', { state: 'detached' });
    assert.equal(await at(), 'm2', 'the focus returns to the row');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('.switchboard-count').innerText(), '1 selected');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('.switchboard-count').innerText(), '6 shown');
    assert.equal(await page.locator('.switchboard-row[tabindex="0"]').count(), 1, 'one row is reached with the tab key');
  });

  it('asks before it skips, stores the reason, updates itself, and undoes the skip', async () => {
    await page.locator('.switchboard-row', { hasText: 'INC0010026' }).click();
    const actions = page.locator('.switchboard-detail .switchboard-actions');
    await actions.getByText('Skip').click();
    assert.match(await actions.innerText(), /Skip this message\?/);
    await actions.getByText('Cancel').click();
    await actions.getByText('Skip').click();
    await actions.locator('input').fill('Done by phone.');
    await actions.locator('.switchboard-primary').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-skipped');
    assert.match(await page.locator('.switchboard-detail').innerText(), /Done by phone\./);
    await actions.getByText('Undo').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-failed');
    await page.keyboard.press('Escape');
  });

  it('skips several messages at once and undoes that', async () => {
    await page.locator('.switchboard-tick').first().click();
    const fifth = page.locator('li', { hasText: 'INC0010022' }).locator('.switchboard-tick');
    await fifth.click({ modifiers: ['Shift'] });
    assert.equal(await page.locator('.switchboard-count').innerText(), '5 selected');
    await page.locator('.switchboard-bulk').getByText('Skip').click();
    await page.locator('.switchboard-bulk .switchboard-primary').waitFor();
    assert.match(await page.locator('.switchboard-bulk').innerText(), /Skip 3 \(in 3 messages\)\?/);
    await page.locator('.switchboard-bulk .switchboard-primary').click();
    await page.locator('.switchboard-undo').waitFor();
    await page.locator('.switchboard-result', { hasText: '3 skipped.' }).waitFor();
    await page.waitForFunction(() => document.querySelector('[data-id=m2] .switchboard-chip')?.textContent === 'Skipped');
    await page.locator('.switchboard-undo').click();
    await page.waitForFunction(() => document.querySelector('[data-id=m2] .switchboard-chip')?.textContent === 'Failed');
    await page.locator('.switchboard-result', { hasText: '3 undone.' }).waitFor();
    await page.locator('.switchboard-close').click();
  });

  it('skips an unrouted message, which then counts no longer', async () => {
    const button = page.locator('.switchboard-filter button, .switchboard-toolbar button', { hasText: 'Unrouted' }).first();
    assert.match(await button.innerText(), /1/);
    await page.locator('.switchboard-row', { hasText: 'INC0010025' }).click();
    const actions = page.locator('.switchboard-detail .switchboard-actions');
    await actions.getByText('Skip').click();
    assert.match(await actions.innerText(), /Its comments and files are not sent/);
    await actions.locator('input').fill('A test ticket.');
    await actions.locator('.switchboard-primary').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-skipped');
    await page.waitForFunction(() => !/Unrouted\s*1/.test(document.querySelector('.switchboard-toolbar')?.textContent ?? ''));
    await actions.getByText('Undo').click();
    await page.waitForSelector('.switchboard-detail .switchboard-is-unrouted');
    await page.keyboard.press('Escape');
  });

  it('edits a delivery in Node-RED’s JSON editor, and shows the changes before sending', async () => {
    await page.locator('.switchboard-row', { hasText: 'INC0010022' }).click();
    // Those of the delivery, below those of the message.
    const actions = page.locator('.switchboard-detail .switchboard-actions').last();
    await actions.getByText('Edit and replay').click();
    await page.waitForSelector('#node-dialog-ok, .red-ui-tray-toolbar .primary');
    const inEditor = (call: string) => `(() => {
      const ace_ = document.querySelector('.red-ui-tray-body .ace_editor');
      const editor = ace_ ? ace.edit(ace_) : globalThis.monaco?.editor.getEditors().at(-1);
      return editor?.${call};
    })()`;
    // The editor appears before its text: early input would be overwritten.
    await page.waitForFunction(inEditor('getValue().includes("No connection in Ghent")'));
    await page.evaluate(inEditor(`setValue(${JSON.stringify(JSON.stringify({ name: 'Fixed', severity: 7 }))})`));
    await page.locator('.red-ui-tray-toolbar .primary').last().click();
    await actions.getByText('Replay with these changes').waitFor();
    assert.match((await actions.innerText()).replace(/\s+/g, ' '), /name No connection in Ghent Fixed severity Highest 7/);
    await actions.getByText('Replay with these changes').click();
    await actions.locator('.switchboard-failure').waitFor();
    assert.match(
      await actions.locator('.switchboard-failure').innerText(),
      /severity/,
      'the partner would reject it, so it is not queued',
    );
    await actions.getByText('Cancel').click();
    await actions.getByText('Edit and replay').click();
    await page.waitForFunction(inEditor('getValue().includes("No connection in Ghent")'));
    await page.locator('.red-ui-tray-toolbar .primary').last().click();
    const replay = actions.getByText('Replay with these changes');
    await replay.waitFor();
    assert.equal(await replay.isDisabled(), true, 'there is no change to replay with');
    await page.locator('#red-ui-header-shade').waitFor({ state: 'hidden' });
    const focused = await page.evaluate('!!document.activeElement?.closest(".switchboard-detail")');
    assert.equal(focused, true, 'closing the JSON editor leaves the focus in the message, so that Escape closes it');
    await actions.getByText('Cancel').click();
    await page.keyboard.press('Escape');
  });

  it('suspends and resumes an endpoint', async () => {
    const tab = (name: string) => page.getByRole('tab', { name });
    await tab('Endpoints').click();
    const card = page.locator('[data-endpoint=tmf1]');
    await card.waitFor();
    // A list that is still being fetched when the form is opened.
    const release = await endpointsHeldBack(page);
    const answered = page.waitForResponse('**/switchboard/endpoints');
    await tab('Endpoints').dispatchEvent('click');
    await card.getByText('Suspend').click();
    release();
    await (await answered).finished();
    await card.locator('input').fill('Maintenance until six.');
    await card.locator('input').press('Enter');
    await card.locator('.switchboard-is-suspended').waitFor();
    assert.match(await card.innerText(), /Suspended by unknown user/);
    assert.match(await card.innerText(), /Maintenance until six\./);
    await tab('Messages').click();
    await page.locator('.switchboard-stopped').getByText('North Telecom is suspended').waitFor();
    await page.locator('.switchboard-stopped').getByText('Endpoints').click();
    await card.getByText('Resume').click();
    await card.locator('.switchboard-is-up').waitFor();
  });

  it('shows in the list why a delivery waits and which record could not be read', async () => {
    await page.route('**/switchboard/messages?*', async (route) => {
      const answer = (await (await route.fetch()).json()) as MessageList;
      const [unread, waits] = answer.messages;
      const since = new Date().toISOString();
      Object.assign(unread!, { state: 'waiting', reason: 'Acme answered with 503.', wait: { kind: 'read', since } });
      const wait = { kind: 'create', since, behind: { message: 'm1', number: 'INC1', state: 'needsDecision' } };
      const delivery = { id: 'd', endpoint: 'North Telecom', entityType: 'troubleTicket', state: 'waiting' };
      Object.assign(waits!, { reason: undefined, deliveries: [{ ...delivery, wait }] });
      await route.fulfill({ json: answer });
    });
    await page.getByRole('tab', { name: 'Messages' }).click();
    const reason = (n: number) => page.locator('.switchboard-row').nth(n).locator('.switchboard-row-reason');
    await reason(0).getByText('Not read from the partner yet: Acme answered with 503.').waitFor();
    await reason(1).getByText('Waiting for the ticket: creating it needs a decision.').waitFor();
    await page.unroute('**/switchboard/messages?*');
  });

  it('shows why no changes arrive from an endpoint', async () => {
    const trouble = {
      endpoint: 'tmf1',
      name: 'North tickets',
      part: 'hub',
      since: new Date().toISOString(),
      reason: 'Nobody listens.',
    };
    await page.route('**/switchboard/endpoints', async (route) => {
      const views = (await (await route.fetch()).json()) as { id: string; intake: unknown[] }[];
      await route.fulfill({ json: views.map((view) => (view.id === 'tmf1' ? { ...view, intake: [trouble] } : view)) });
    });
    await page.getByRole('tab', { name: 'Messages' }).click();
    const words = '"North tickets" cannot register at the hub of North Telecom.';
    await page.locator('.switchboard-stopped').getByText(words).waitFor();
    await page.getByRole('tab', { name: 'Endpoints' }).click();
    await page.locator('[data-endpoint=tmf1]').getByText(`${words} Nobody listens. Since`).waitFor();
    await page.unroute('**/switchboard/endpoints');
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.locator('.switchboard-stopped').getByText(words).waitFor({ state: 'detached' });
  });

  it('asks before it renews the secret of a callback, and shows whether the provider has the new one', async () => {
    const since = new Date().toISOString();
    let callback: object = { name: 'North tickets', registered: true, since };
    await page.route('**/switchboard/endpoints', async (route) => {
      const views = (await (await route.fetch()).json()) as { id: string }[];
      const formerSecrets = [{ name: 'North tickets', since, after: 'renewal' }];
      const secrets = { callbacks: [callback], formerSecrets };
      await route.fulfill({ json: views.map((view) => (view.id === 'tmf1' ? { ...view, ...secrets } : view)) });
    });
    let renewals = 0;
    await page.route('**/switchboard/endpoints/tmf1/renewSecret', (route) => {
      renewals++;
      callback = { name: 'North tickets', registered: false };
      return route.fulfill({ json: {} });
    });
    await page.getByRole('tab', { name: 'Endpoints' }).click();
    const card = page.locator('[data-endpoint=tmf1]');
    await card.getByText('The callback of "North tickets" has been registered with the provider since').waitFor();
    await card.getByText('still accepted. It has not been used since it was renewed,').waitFor();
    const renew = card.getByRole('button', { name: 'Renew the callback’s secret' });
    await renew.click();
    await card.getByText('until you renew the secret again').waitFor();
    await card.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(renewals, 0);
    await renew.click();
    await renew.click();
    await card.getByText('It is not yet certain that the provider has the current callback of "North tickets".').waitFor();
    assert.equal(renewals, 1);
    await page.unroute('**/switchboard/endpoints/tmf1/renewSecret');
    await page.unroute('**/switchboard/endpoints');
  });

  it('has one line for each endpoint in trouble, and only their number if there are many', async () => {
    const since = new Date().toISOString();
    const intake = ['poll', 'hub'].map((part) => ({ endpoint: 'x', name: 'in', part, since, reason: 'Nobody listens.' }));
    const down = {
      state: 'down',
      waiting: 3,
      downSince: since,
      lastError: { at: since, message: 'The connection was refused.' },
      intake,
    };
    let count = 2;
    await page.route('**/switchboard/endpoints', async (route) => {
      const [view] = (await (await route.fetch()).json()) as object[];
      await route.fulfill({ json: ['A', 'B', 'C'].slice(0, count).map((name) => ({ ...view, ...down, id: name, name })) });
    });
    const again = async () => {
      await page.getByRole('tab', { name: 'Endpoints' }).click();
      await page.getByRole('tab', { name: 'Messages' }).click();
    };
    const lines = page.locator('.switchboard-stopped .switchboard-trouble');
    await again();
    await lines.nth(1).waitFor();
    assert.equal(await lines.count(), 2);
    const text = async () => (await lines.first().innerText()).replace(/\s+/g, ' ');
    assert.match(await text(), /^A is unavailable, 3 waiting\. Since .*\d.*: The connection was refused\.$/);
    const height = async () => (await lines.first().boundingBox())!.height;
    const single = await height();
    assert.ok(single < 30, `one line, not ${single} px`);
    await lines.first().click();
    assert.match(await text(), /"in" cannot poll A\. .*"in" cannot register at the hub of A\./);
    assert.ok((await height()) > single, 'all of it');
    await lines.first().click();
    count = 3;
    await again();
    await page.locator('.switchboard-stopped').getByText('3 endpoints in trouble').click();
    await lines.nth(3).waitFor();
    await page.unroute('**/switchboard/endpoints');
    await again();
    await lines.first().waitFor({ state: 'detached' });
  });

  it('erases a person’s tickets after a preview and a typed confirmation', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.getByRole('button', { name: 'Erase people’s data…' }).click();
    const form = page.locator('.switchboard-erase');
    const look = async (kind: string, text: string) => {
      await form.getByLabel('What to erase').selectOption(kind);
      await form.getByLabel(/, one per line$/).fill(text);
      await form.getByRole('button', { name: 'Show what would be erased' }).click();
      await form.locator('.switchboard-result p, .switchboard-failure').first().waitFor();
      return (await form.locator('.switchboard-result').innerText()).replace(/\s+/g, ' ');
    };
    assert.match(
      await look('ticket', 'INC0010022'),
      /^None of the tickets that were found can be erased yet\. .*INC0010022.* failed or need a decision/,
    );
    assert.match(await look('ticket', 'INC0'), /^Nothing was found in any ticket\.$/);
    assert.match(await look('person', 'x'), /"x" is too short to find a person by/);
    assert.match(
      await look('person', 'jane doe\n'),
      /^Tickets to be erased for good: 1\. Names in entries of the log: 1\. INC0010029 Jane Doe/,
    );
    const go = form.getByRole('button', { name: 'Erase', exact: true });
    assert.equal(await go.isDisabled(), true);
    await form.getByLabel('To confirm').fill('1');
    await go.click();
    await form.getByText('Tickets erased: 1. Names in entries of the log: 1.').waitFor();
    for (const line of ['erased conversation', 'erased names in entries of the log: 1'])
      await page.locator('.switchboard-audit li', { hasText: line }).waitFor();
    await page.getByRole('button', { name: 'Erase people’s data…' }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
  });

  it('shows the log, and unknown values with a link to their mapping', async () => {
    await page.getByRole('tab', { name: 'Log' }).click();
    await page.locator('.switchboard-audit li').first().waitFor();
    const log = await page.locator('.switchboard-audit').innerText();
    assert.match(
      log.replace(/\s+/g, ' '),
      /resumed endpoint North Telecom .*suspended endpoint North Telecom Maintenance until six\./,
    );
    await page.getByRole('tab', { name: 'Unknown values' }).click();
    assert.equal(await page.getByRole('tab', { name: 'Unknown values' }).innerText(), 'Unknown values2');
    const own = page.locator('.switchboard-card', { hasText: 'Acme incident' });
    assert.match((await own.innerText()).replace(/\s+/g, ' '), /state "99" 3×/);
    await own.getByText('Open mapping').click();
    await page.waitForSelector('#node-config-input-preset');
    await page.locator('#node-config-dialog-cancel').click();
    await page.waitForSelector('#node-config-input-preset', { state: 'detached' });
    const preset = page.locator('.switchboard-card', { hasText: 'preset' });
    assert.match(await preset.innerText(), /create your own mapping/);
    await preset.getByText('Reset counts').click();
    await preset.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Unknown values' }).press('ArrowLeft');
    await page.getByRole('tab', { name: 'Messages', selected: false }).click();
    await page.waitForSelector('.switchboard-row');
  });

  it('updates itself when other users act', async () => {
    await fetch(`${server.url}switchboard/deliveries/d2/skip`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    await page.waitForFunction(() => document.querySelector('[data-id=m2] .switchboard-chip')?.textContent === 'Skipped');
  });

  it('explains why an action is rejected', async () => {
    const answer = await fetch(`${server.url}switchboard/messages/m1/skip`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(answer.status, 409);
    assert.match(((await answer.json()) as { message: string }).message, /m1 is settled/);
    assert.equal((await fetch(`${server.url}switchboard/messages/none`)).status, 404);
  });

  it('is also a full page with list and message side by side', async () => {
    const [own] = await Promise.all([page.context().waitForEvent('page'), page.locator('.switchboard-page').click()]);
    await own.waitForSelector('.switchboard-row');
    await own.locator('.switchboard-row', { hasText: 'INC0010021' }).click();
    await own.waitForSelector('.switchboard-detail');
    assert.ok(await own.locator('.switchboard-list').isVisible());
    await own.setViewportSize({ width: 1440, height: 900 });
    const line = own.locator('.switchboard-line', { hasText: 'inProgress' });
    await line.hover();
    assert.equal(
      await own.locator('.switchboard-field-origin').innerText(),
      'status "inProgress": copied by rule 1 of tmf621-v4, row 2 of its value map; from state "inProgress", rule 7 of Acme incident, row 2 of its value map, from state "2".',
    );
    assert.deepEqual(await own.$$eval('.switchboard-fields .switchboard-lit', (all) => all.map((one) => one.textContent)), [
      'state2',
    ]);
    await line.focus();
    await own.keyboard.press('ArrowDown');
    assert.match(await own.locator('.switchboard-field-origin').innerText(), /^name "No connection in Ghent"/);
    assert.deepEqual(await own.$$eval('.switchboard-fields .switchboard-lit code', (all) => all.map((one) => one.textContent)), [
      'short_description',
    ]);
    const [left, right] = await own.$$eval('.switchboard-side', (sides) =>
      sides.map((side) => side.getBoundingClientRect().left),
    );
    assert.ok((left ?? 0) < (right ?? 0), 'incoming left, outgoing right');
    assert.equal(await own.title(), 'Switchboard messages');
    await own.close();
  });

  it('caused no errors in the browser', () =>
    assert.deepEqual(
      errors.filter((text) => !/40[09]/.test(text)),
      [],
      'except for what is rejected on purpose',
    ));
});

describe(`the messages page behind a login in Node-RED ${NODE_RED.version}`, () => {
  let server: EditorServer;
  let browser: Browser;

  before(async function () {
    if (!chromiumPath()) return this.skip();
    const adminAuth = { type: 'credentials', users: [{ ...USER, permissions: 'read' }] };
    server = await startEditor({ flow: FLOW, prepare: seedStore, settings: { httpAdminRoot: '/admin', adminAuth } });
    browser = await sharedBrowser();
  });

  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  it('discloses nothing without a login', async () => {
    for (const path of ['messages', 'messages/m1', 'counts']) {
      assert.equal((await fetch(`${server.url}admin/switchboard/${path}`)).status, 401, path);
    }
    const page = await browser.newPage();
    await page.goto(`${server.url}admin/switchboard/page`);
    await page.waitForSelector('.switchboard-failure');
    assert.match(await page.locator('.switchboard-notice').innerText(), /Sign in to the Node-RED editor/);
    await page.close();
  });

  it('uses the editor session, and a reader may only read', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}admin/`);
    await page.fill('#node-dialog-login-username', USER.username);
    await page.fill('#node-dialog-login-password', 'secret');
    await page.click('#node-dialog-login-submit');
    await page.waitForSelector('#red-ui-palette-container .red-ui-palette-node');
    await page.goto(`${server.url}admin/switchboard/page/`);
    await page.waitForSelector('.switchboard-row');
    await page.locator('.switchboard-row', { hasText: 'INC0010026' }).click();
    const actions = page.locator('.switchboard-detail .switchboard-actions');
    await actions.getByText('This needs the permission switchboard.write.').waitFor();
    assert.ok(await actions.getByRole('button', { name: 'Replay', exact: true }).isDisabled());
    await page.close();
  });
});
