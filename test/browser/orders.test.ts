import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type EditorServer, editNode, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

const FLOW = [
  { id: 'tab', type: 'tab', label: 'Orders' },
  {
    id: 'fan',
    type: 'switchboard-fan-out',
    z: 'tab',
    x: 300,
    y: 200,
    name: '',
    by: 'item',
    onFailure: 'keep',
    outputs: 3,
    legs: [
      { name: 'mobile', takes: [{ field: 'category', is: ['connectivity'] }] },
      {
        name: 'delivery',
        takes: [{ field: 'offering.id', is: ['DELIVERY*'] }],
        after: [{ leg: 'mobile', states: ['completed'] }],
      },
    ],
    wires: [['to-mobile'], ['to-delivery'], ['to-nobody']],
  },
  ...['to-mobile', 'to-delivery', 'to-nobody'].map((id, i) => ({
    id,
    type: 'debug',
    z: 'tab',
    x: 600,
    y: 120 + i * 60,
    name: id,
    wires: [],
  })),
  { id: 'roll', type: 'switchboard-roll-up', z: 'tab', x: 300, y: 400, name: '', rules: [], wires: [[]] },
];

interface FlowNode {
  legs: { name: string; id?: string }[];
  rules: { gives: string }[];
  outputs: number;
  valid: boolean;
}

describe('the fan-out and roll-up dialogs', () => {
  let browser: Browser;
  let server: EditorServer;
  let page: Page;
  let errors: string[];
  before(async () => {
    browser = await sharedBrowser();
    server = await startEditor({ flow: FLOW });
    ({ page, errors } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
  });

  const done = () => page.locator('#node-dialog-ok').click();
  const closed = () => page.waitForFunction('!document.querySelector(".red-ui-tray")');
  const node = (id: string) =>
    page.evaluate(
      `(() => { const n = RED.nodes.node(${JSON.stringify(id)}); return { legs: n.legs, rules: n.rules, outputs: n.outputs, valid: n.valid }; })()`,
    ) as Promise<FlowNode>;
  const ids = async () => (await node('fan')).legs.map(({ id }) => id);
  const wires = () =>
    page.evaluate(
      `RED.nodes.filterLinks({ source: RED.nodes.node('fan') }).map((l) => [Number(l.sourcePort), l.target.id]).sort()`,
    );

  it('add a leg with its items and predecessors; wires stay with their legs', async () => {
    await editNode(page, 'fan');
    const rows = page.locator('#switchboard-legs .switchboard-leg');
    assert.equal(await rows.count(), 2);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/fan-out.png` });
    await page.locator('.red-ui-editableList-addButton').first().click();
    const added = rows.nth(2);
    await added.getByPlaceholder('mobile').fill('devices');
    await added.getByLabel('Property of the item').fill('category');
    await added.getByLabel('Values, separated by commas').fill('device, cover*');
    await added.getByRole('button', { name: 'wait for another leg' }).click();
    await added.getByLabel('Leg to wait for').selectOption('mobile');
    await added.getByLabel('State to wait for').selectOption('inProgress');
    await done();
    await closed();
    const { legs, outputs, valid } = await node('fan');
    assert.deepEqual(legs[2], {
      name: 'devices',
      takes: [{ field: 'category', is: ['device', 'cover*'] }],
      after: [{ leg: 'mobile', states: ['inProgress'] }],
    });
    assert.deepEqual([outputs, valid], [4, true]);
    assert.deepEqual(await wires(), [
      [0, 'to-mobile'],
      [1, 'to-delivery'],
      [3, 'to-nobody'],
    ]);
  });

  it('update references to a leg that is renamed', async () => {
    await editNode(page, 'fan');
    const rows = page.locator('#switchboard-legs .switchboard-leg');
    const waitsFor = rows.nth(1).getByLabel('Leg to wait for');
    const name = rows.nth(0).getByPlaceholder('mobile');
    // While typing the new name, it is the same as that of another leg.
    await name.fill('devices');
    await name.fill('devices-2');
    await name.press('Tab');
    assert.equal(await waitsFor.inputValue(), 'devices-2');
    await rows.nth(2).getByPlaceholder('mobile').fill('phones');
    await waitsFor.focus();
    assert.deepEqual(await waitsFor.locator('option').allTextContents(), ['devices-2', 'phones']);
    await done();
    await closed();
    const { legs, valid } = await node('fan');
    assert.deepEqual(
      legs.map((leg) => [leg.name, (leg as { after?: { leg: string }[] }).after?.[0]?.leg]),
      [
        ['devices-2', undefined],
        ['delivery', 'devices-2'],
        ['phones', 'devices-2'],
      ],
    );
    assert.equal(valid, true);
    assert.deepEqual(await ids(), ['mobile', undefined, 'devices'], 'what open orders know the rows by');
    await editNode(page, 'fan');
    await rows.nth(0).getByPlaceholder('mobile').fill('mobile');
    await rows.nth(2).getByPlaceholder('mobile').fill('devices');
    await done();
    await closed();
    assert.deepEqual(await ids(), [undefined, undefined, undefined]);
  });

  it('tell a new row from a renamed one that had its name', async () => {
    const rows = page.locator('#switchboard-legs .switchboard-leg');
    await editNode(page, 'fan');
    await rows.nth(2).getByPlaceholder('mobile').fill('phones');
    await page.locator('.red-ui-editableList-addButton').first().click();
    await rows.nth(3).getByPlaceholder('mobile').fill('devices');
    await rows.nth(3).getByLabel('Values, separated by commas').fill('tablet');
    await done();
    await closed();
    const { legs, valid } = await node('fan');
    assert.deepEqual(legs.map(({ name, id }) => [name, id]).slice(2), [
      ['phones', 'devices'],
      ['devices', 'devices-2'],
    ]);
    assert.equal(valid, true);
    await editNode(page, 'fan');
    await page.locator('#switchboard-legs').locator('xpath=..').locator('.red-ui-editableList-item-remove').nth(3).click();
    await page.waitForFunction('document.querySelectorAll("#switchboard-legs .switchboard-leg").length === 3');
    await rows.nth(2).getByPlaceholder('mobile').fill('devices');
    await done();
    await closed();
  });

  it('keep the wires of legs that change places', async () => {
    const order = async (from: number, to: number) => {
      await editNode(page, 'fan');
      const handle = page.locator('#switchboard-legs .red-ui-editableList-item-handle');
      await handle.nth(from).dragTo(handle.nth(to));
      await done();
      await closed();
      return [(await node('fan')).legs.map((l) => l.name), await wires()];
    };
    assert.deepEqual(await order(1, 0), [
      ['delivery', 'mobile', 'devices'],
      [
        [0, 'to-delivery'],
        [1, 'to-mobile'],
        [3, 'to-nobody'],
      ],
    ]);
    assert.deepEqual((await order(1, 0))[0], ['mobile', 'delivery', 'devices']);
  });

  it('remove the wire of a leg that is removed, and no other', async () => {
    await editNode(page, 'fan');
    await page.locator('#switchboard-legs').locator('xpath=..').locator('.red-ui-editableList-item-remove').first().click();
    await page.waitForFunction('document.querySelectorAll("#switchboard-legs .switchboard-leg").length === 2');
    await done();
    await closed();
    assert.deepEqual(
      (await node('fan')).legs.map((l) => l.name),
      ['delivery', 'devices'],
    );
    assert.equal((await node('fan')).valid, false, 'the delivery waits for a leg that is gone');
    assert.deepEqual(await wires(), [
      [0, 'to-delivery'],
      [2, 'to-nobody'],
    ]);
  });

  it('mark a leg without a name as invalid', async () => {
    await editNode(page, 'fan');
    await page.locator('.red-ui-editableList-addButton').first().click();
    await done();
    await closed();
    assert.equal((await node('fan')).valid, false);
  });

  it('preview the roll-up of any combination while its rules are edited', async () => {
    await editNode(page, 'roll');
    const result = page.locator('.switchboard-roll-result');
    assert.match((await result.textContent()) ?? '', /The order is partially completed \(rule 5\)/);
    const chip = (name: string) => page.locator('.switchboard-roll-preview .switchboard-roll-chip', { hasText: name }).first();
    await chip('pending').click();
    assert.match((await result.textContent()) ?? '', /The order is pending/);
    if (process.env.SCREENSHOTS) {
      await page.locator('.switchboard-roll-preview details summary').click();
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/roll-up.png` });
    }
    // The topmost rule: any pending item makes the order held.
    await page.locator('.switchboard-roll-line').nth(5).locator('select').last().selectOption('held');
    assert.match((await result.textContent()) ?? '', /The order is held/);
    await done();
    await closed();
    assert.equal((await node('roll')).rules[5]?.gives, 'held');
    await editNode(page, 'roll');
    await page.locator('#switchboard-roll-defaults').click();
    await done();
    await closed();
    assert.deepEqual((await node('roll')).rules, [], 'the default rules are not copied into the flow');
  });

  it('caused no errors in the browser', () => assert.deepEqual(errors, []));
});
