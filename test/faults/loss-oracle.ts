import { concerns, type UnsettledItem, withoutReason } from './operator.js';
import type { Partners } from './partners.js';
import { EQUIVALENT_STATES, SIDES, type Side, type TrackedTicket } from './random-load.js';

const FAULTS = ['lost', 'doubled', 'foreign', 'outOfOrder', 'state', 'content', 'echo', 'destroyed', 'hidden'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Judgement {
  faults: Record<Fault, number>;
  /** A description of each fault. */
  said: string[];
  /** Numbers of the tickets with losses. */
  lost: Set<string>;
  /** Number of missing items that are shown to the operator with a reason. */
  unsettled: number;
}

/** Compares both sides when all is idle. */
export function judge(
  partners: Partners,
  tickets: TrackedTicket[],
  unsettled: UnsettledItem[],
  replayed: ReadonlySet<string>,
): Judgement {
  const { customer, provider } = partners;
  const result: Judgement = {
    faults: Object.fromEntries(FAULTS.map((f) => [f, 0])) as Record<Fault, number>,
    said: [],
    lost: new Set(),
    unsettled: 0,
  };
  const fault = (kind: Fault, what: string) => {
    result.faults[kind]++;
    result.said.push(`${kind}: ${what}`);
  };
  const incidents = [...customer.incidents.values()].map(({ value }) => value);
  const theirs = [...provider.tickets.values()].map(({ value }) => value).filter(({ id }) => !provider.children.has(id));
  for (const one of withoutReason(unsettled))
    fault('hidden', `${one.numbers.join()}, ${one.part} is ${one.state} without a reason`);

  /** Whether the operator sees why something of this ticket is missing. */
  const explained = (numbers: string[], text?: string) =>
    unsettled.some(
      (one) =>
        one.reason && concerns(one, numbers) && (!text || ['entity', 'message'].includes(one.part) || one.text.includes(text)),
    );
  const missing = (numbers: string[], what: string, text?: string, kind: Fault = 'lost') => {
    if (explained(numbers, text)) {
      result.unsettled++;
      return;
    }
    for (const number of numbers) result.lost.add(number);
    fault(kind, text ? `${what}\n${history(partners, text)}` : what);
  };

  for (const ticket of tickets) {
    const { mark } = ticket;
    const rows = incidents.filter((row) => row.description === mark || row.short_description?.startsWith(`${mark} `));
    const found = theirs.filter((one) => one.description === mark || one.name?.startsWith(`${mark} `));
    const numbers = [...rows.map((row) => row.number!), ...found.map((one) => one.id)];
    const where = `${mark} (${ticket.opener} opened it; ${numbers.join()})`;
    if (rows.length > 1 || found.length > 1) fault('doubled', `${where}: ${rows.length} incidents, ${found.length} tickets`);
    if (rows.length === 0 || found.length === 0) missing(numbers, where);
    if (rows.length !== 1 || found.length !== 1) continue;
    const [row, other] = [rows[0]!, found[0]!];
    const texts: Record<Side, string[]> = {
      customer: customer.comments(row.sys_id!),
      provider: other.note.map((note) => note.text),
    };
    const files = { customer: customer.files(row.sys_id!), provider: provider.files(other.id) };
    for (const side of SIDES) {
      const opposite: Side = side === 'customer' ? 'provider' : 'customer';
      let position = -1;
      for (const text of ticket.said[side]) {
        const at = texts[opposite].findIndex((one) => one.includes(text));
        const times = texts[opposite].filter((one) => one.includes(text)).length;
        if (times === 0) missing(numbers, `${where}: ${text} of the ${side}`, text);
        if (times > 1) fault('doubled', `${where}: ${text} of the ${side}, ${times} times\n${history(partners, text)}`);
        // A replayed item arrives after those that continued without it.
        if (times > 0 && at < position && !numbers.some((number) => replayed.has(number)))
          fault('outOfOrder', `${where}: ${text} of the ${side}\n${history(partners, text)}`);
        if (times > 0) position = Math.max(at, position);
        const own = texts[side].filter((one) => one.includes(text)).length;
        if (own !== 1)
          fault(own ? 'echo' : 'destroyed', `${where}: ${text} is at its own ${side} ${own} times\n${history(partners, text)}`);
      }
      for (const { name, content } of ticket.files[side]) {
        const there = files[opposite].filter((file) => file.name === name);
        if (there.length === 0) missing(numbers, `${where}: ${name} of the ${side}`, name);
        if (there.length > 1)
          fault('doubled', `${where}: ${name} of the ${side}, ${there.length} times\n${history(partners, name)}`);
        if (there[0] && there[0].content !== content) fault('content', `${where}: ${name}`);
        const own = files[side].filter((file) => file.name === name).length;
        if (own !== 1) fault(own ? 'echo' : 'destroyed', `${where}: ${name} is at its own ${side} ${own} times`);
      }
      for (const text of [...texts[side], ...files[side].map(({ name }) => name)]) {
        const of = /M\d+x\d+z/.exec(text)?.[0];
        if (of !== mark) fault('foreign', `${where} has at the ${side}: ${text.slice(0, 200)}`);
      }
    }
    const { last } = ticket;
    const states = `${row.state} and ${other.status}, titles ${row.short_description} and ${other.name}, last word ${JSON.stringify(last)}`;
    const title = last?.title;
    const same =
      EQUIVALENT_STATES[row.state!]?.includes(other.status) &&
      row.short_description === other.name &&
      row.short_description === title;
    const said = last && (last.side === 'customer' ? row.state === last.state : other.status === last.state);
    if (last && (!same || !said)) missing(numbers, `${where}: ${states}`, undefined, 'state');
  }
  for (const one of provider.destroyed) fault('destroyed', one);
  for (const id of provider.children) {
    const { note, attachment } = provider.tickets.get(id)!.value;
    if (note.length + attachment.length > 0)
      fault('foreign', `the provider’s second ticket ${id} has ${note[0]?.text ?? attachment[0]?.name}`);
  }
  return result;
}

/** The write requests with this text, their times and answers. */
function history({ customer, provider }: Partners, text: string): string {
  return [...customer.written, ...provider.written]
    .filter((one) => one.body.includes(text) || one.request.includes(text))
    .sort((a, b) => a.at - b.at)
    .map(({ at, request, behaviour, effects }) => {
      const done = effects.map((effect) => `took effect after ${effect - at} ms`).join(', ') || 'no effect';
      return `        ${new Date(at).toISOString()} ${request.slice(0, 90)}: ${behaviour ?? 'regular answer'}, ${done}`;
    })
    .join('\n');
}
