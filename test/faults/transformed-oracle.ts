import { ofTicket, SHARED } from './conflict-fields.js';
import { describeHistory, historyOf } from './field-history.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './random-load.js';
import type { TransformedTicket } from './transformed-load.js';

const FIGURES = [
  'missing',
  'lost',
  'twice',
  'echo',
  'files lost',
  'files twice',
  'files echoed',
  'set back',
  'overwritten',
  'not kept',
] as const;

/** Normalises a text for comparison: without whitespace, mark-up and Unicode variants. */
const normalise = (text: string) =>
  text
    .replaceAll(/<\/?(p|br)\s*\/?>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .normalize('NFC')
    .replaceAll(/\s+/g, '');
const mark = (text: string) => /\[\[.*?\]\]|\{\{.*?\}\}/.exec(normalise(text))?.[0] ?? normalise(text);

function tally(texts: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts.map(mark)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** When all is idle: checks that each comment exists as often as it was written, and that nothing was echoed to its author. */
export function judgeTransformed(partners: Partners, tickets: TransformedTicket[]) {
  const { customer, provider } = partners;
  const figures = Object.fromEntries(FIGURES.map((name) => [name, 0])) as Record<(typeof FIGURES)[number], number>;
  const said: string[] = [];
  const fault = (figure: (typeof FIGURES)[number], what: string) => {
    figures[figure]++;
    said.push(`${figure}: ${what}`);
  };
  for (const ticket of tickets) {
    const { ids, opener } = ticket;
    const row = customer.incidents.get(ids.customer)?.value;
    const other = provider.tickets.get(ids.provider)?.value;
    if (!row || !other) {
      fault('missing', `${ticket.mark} of the ${opener}`);
      continue;
    }
    const notes: Record<Side, string[]> = {
      customer: customer.comments(row.sys_id!),
      provider: other.note.map(({ text }) => text),
    };
    const contents = (files: { content: string }[]) => files.map(({ content }) => content);
    const files: Record<Side, string[]> = {
      customer: contents(customer.files(row.sys_id!)),
      provider: contents(provider.files(other.id)),
    };
    const compare = (what: 'said' | 'files', there: Record<Side, string[]>, [lost, twice, echo]: (typeof FIGURES)[number][]) => {
      for (const of of SIDES)
        for (const [text, times] of tally(ticket[what][of]))
          for (const at of SIDES) {
            const found = tally(there[at]).get(text) ?? 0;
            if (found === times) continue;
            // Written between the last read and the write of a whole list: the broker could not know about it.
            if (found < times && provider.wasNeverShown(text)) continue;
            const figure = found < times ? lost! : at === of ? echo! : twice!;
            const shown = [...ticket[what][of], ...there[at]]
              .filter((one) => mark(one) === text)
              .map((one) => JSON.stringify(one));
            const all = [...new Set(shown)].join('\n        ');
            fault(figure, `${ticket.mark}: said ${times} times by the ${of}, is ${found} times at the ${at}:\n        ${all}`);
          }
    };
    compare('said', notes, ['lost', 'twice', 'echo']);
    compare('files', files, ['files lost', 'files twice', 'files echoed']);

    for (const field of SHARED) {
      const values = ticket.values.get(field.name)!;
      const last = values.at(-1)!;
      const own = opener === 'customer' ? field.ofIncident(row) : ofTicket(field, other);
      const where = `${ticket.mark} ${field.name}, which only the ${opener} writes`;
      // The author's value must be unchanged.
      if (own !== last)
        fault(
          'set back',
          `${where}: it has ${JSON.stringify(own)} and wrote ${JSON.stringify(last)}\n${describeHistory(partners, ids, field)}`,
        );
      for (const { by, value, before } of historyOf(partners, ids, field, opener))
        if (by === 'broker' && value !== before)
          fault('overwritten', `${where}: we wrote ${JSON.stringify(value)} over ${JSON.stringify(before)}`);
      // The other side must have the value as it transforms it.
      const keep = (opener === 'customer' ? provider : customer).transformation.field!;
      const kept =
        opener === 'customer'
          ? keep(field.attribute, last, false)
          : field.columns.length === 1
            ? keep(field.columns[0]!, last, false)
            : keep('state', last, false);
      const there = opener === 'customer' ? ofTicket(field, other) : field.ofIncident(row);
      const isOpen = values.every((value) => value === last) && keep(field.attribute, last, true) !== last;
      if (kept !== undefined && !isOpen && normalise(String(kept)) !== normalise(there))
        fault(
          'not kept',
          `${where}: the other side has ${JSON.stringify(there)} of ${JSON.stringify(last)}\n${describeHistory(partners, ids, field)}`,
        );
    }
  }
  return { figures, said };
}
