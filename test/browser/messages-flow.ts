import type { Page } from 'playwright-core';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';

/** Nothing answers there. */
const NOWHERE = { baseUrl: 'http://127.0.0.1:9', auth: 'none', store: 'store1' };

/** The store that `seedStore` fills, and the endpoints it refers to. */
export const MESSAGES_FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  { id: 'sn1', type: 'switchboard-servicenow-endpoint', ...serviceNowEndpointDefaults, ...NOWHERE, name: 'Acme ServiceNow' },
  { id: 'tmf1', type: 'switchboard-tmf-endpoint', ...tmfEndpointDefaults, ...NOWHERE, name: 'North Telecom' },
];

export async function openMessages(page: Page): Promise<void> {
  await page.evaluate(`RED.actions.invoke('switchboard:show-messages')`);
  await page.waitForSelector('.switchboard-row');
}

/** Waits until the list shows the messages whose numbers end with these digits, in this order. */
export function shows(page: Page, digits: string) {
  return page.waitForFunction(
    (wanted) => [...document.querySelectorAll('.switchboard-row b')].map((b) => b.textContent?.slice(-1)).join('') === wanted,
    digits,
  );
}

/** Waits until a filter button has exactly this text: its name and its count. */
export function counts(page: Page, label: string) {
  return page.waitForFunction(
    (wanted) => [...document.querySelectorAll('.switchboard-filter')].some((one) => one.textContent === wanted),
    label,
  );
}

/** Holds back the next list of endpoints until the returned function is called. */
export async function endpointsHeldBack(page: Page): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  await page.route(
    '**/switchboard/endpoints',
    async (route) => {
      await released;
      await route.continue();
    },
    { times: 1 },
  );
  return release;
}

/** Holds back the first answer for this path until the view has asked again, as it does when something changes meanwhile. */
export function answersLate(page: Page, path: string): Promise<unknown> {
  let askedAgain = () => {};
  const late = new Promise<void>((done) => {
    askedAgain = done;
  });
  let asked = 0;
  return page.route(
    `**/switchboard/${path}`,
    async (route) => {
      if (++asked === 1) await late;
      else askedAgain();
      await route.continue();
    },
    { times: 2 },
  );
}
