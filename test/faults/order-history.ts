import type { MessageView } from '../../nodes/sidebar/views.js';
import type { FakeTmf622 } from './fake-tmf622.js';
import type { WantedOrder } from './order-life-load.js';
import type { OrderLifeRig } from './order-life-rig.js';

const clock = (time: number) => new Date(time).toISOString().slice(11, 23);

/** What happened to an order, in words: at the desks by their clocks, at Switchboard, and what the customer reads. */
export async function historyOf(rig: OrderLifeRig, order: WantedOrder): Promise<string> {
  const { mark, number, sysId } = order;
  const desks = [...atCustomer(rig, order), ...Object.values(rig.vendors).flatMap((vendor) => atVendor(vendor, mark))];
  const messages = (await rig.messages('all', number)).reverse().map(atSwitchboard);
  return [`${mark} ${number}`, ...desks.sort(), ...messages, ...rig.desk.texts(sysId)].join('\n    ');
}

function atCustomer({ desk }: OrderLifeRig, { sysId, lines }: WantedOrder): string[] {
  const names = new Map([[sysId, 'order'], ...lines.map((line) => [line.sysId, `item ${line.id}`] as const)]);
  const isOf = (record: string, field: string) => names.has(record) && ['state', 'quantity'].includes(field);
  return desk.history
    .filter(({ record, field }) => isOf(record, field))
    .map(({ at, by, record, field, before, value }) => `${clock(at)} ${by}: ${names.get(record)} ${field} ${before} → ${value}`);
}

function atVendor({ name, orders, refusedCreates, written }: FakeTmf622, mark: string): string[] {
  const own = orders.filter((order) => order.mark === mark);
  const isOf = (text: string) => text.includes(mark) || own.some(({ id }) => text.includes(id));
  const refused = refusedCreates.filter((one) => one.mark === mark);
  return [
    ...refused.map(({ at, items }) => `${clock(at)} ${name} refused ${items.join()}`),
    ...own.map((order) => `${clock(order.createdAt)} ${name}: ${JSON.stringify(order, withoutFields)}`),
    ...written
      .filter(({ request, body }) => isOf(request) || isOf(body))
      .map(({ at, request, behaviour, effects, body }) => {
        const answer = `${behaviour ?? 'regular answer'}, ${effects.length} effects`;
        return `${clock(at)} ${name} got ${request} (${answer}) ${body.slice(0, 1_000)}`;
      }),
  ];
}

const withoutFields = (name: string, value: unknown) => (['fields', 'notes'].includes(name) ? undefined : value);

function atSwitchboard({ receivedAt, origin, endpoint, state, reason, error, sent }: MessageView): string {
  const parts = sent.map((one) => {
    const why = [one.error?.message, one.wait?.kind].filter(Boolean).join(', ');
    return `\n        ${one.endpoint} ${one.part} ${one.state} ${why} ${JSON.stringify(one.payload)}`;
  });
  return `${receivedAt.slice(11, 23)} ${origin} ${endpoint} ${state} ${error?.message ?? reason ?? ''}${parts.join('')}`;
}
