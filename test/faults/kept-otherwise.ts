import type { Keeping } from './habits.js';

/** What partners were met to do with what is written to them. */
const text = (change: (value: string) => string) => (_: string, value: unknown) =>
  typeof value === 'string' ? change(value) : value;
const wrapped = (value: string, width: number) => value.replace(new RegExp(`(.{1,${width}})(?: +|$)`, 'g'), '$1\n').trimEnd();
const escaped = (value: string) =>
  value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '<br/>');

const cut = (value: string) => Array.from(value).slice(0, 100).join('');
const asked = (value: string) => value.replace(/\p{Extended_Pictographic}/gu, '?');
const normal = (value: string) => value.replace(/\r?\n/g, '\r\n').normalize('NFD').trim();
const composed = (value: string) => value.replaceAll('\r', '').normalize('NFC').trim();
/** What new records begin with, whatever they are created with. */
const BEGINNINGS: Record<string, string> = { status: 'acknowledged', state: '1', severity: 'Minor', impact: '3', urgency: '3' };

export const HABITS = {
  'as it is': {},
  'cut at 100': { field: text(cut) },
  '? for emoji': { field: text(asked), note: asked },
  'HTML in notes': { note: (value) => `<p>${escaped(value)}</p>` },
  'escaped notes': { note: escaped },
  'prefix, wrapped': { note: (value) => `[web] ${wrapped(value, 80)}` },
  'no ids': { noteIds: 'none' },
  'ids are places': { noteIds: 'place' },
  'prefix, wrapped, no ids': { note: (value) => `[web] ${wrapped(value, 80)}`, noteIds: 'none' },
  'renamed files': { fileName: (name) => `web_${name.replaceAll(/[^\w.]/g, '_').toLowerCase()}` },
  'CRLF, NFD, trimmed': { field: text(normal), note: normal },
  'LF, NFC, trimmed': { field: text(composed), note: composed },
  'states of its own at create': { field: (name, value, isNew) => (isNew ? (BEGINNINGS[name] ?? value) : value) },
  'no state at all': { field: (name, value) => (['status', 'state', 'hold_reason'].includes(name) ? undefined : value) },
} satisfies Record<string, Keeping>;

export type Habit = keyof typeof HABITS;

/** Several habits at once, the first one nearest to us. */
export function habit(...names: Habit[]): Keeping {
  const all: Keeping[] = names.map((name) => HABITS[name]);
  const noteIds = all.map((one) => one.noteIds).find(Boolean);
  return {
    field: (name, value, isNew) =>
      all.reduce((kept: unknown, one) => (one.field && kept !== undefined ? one.field(name, kept, isNew) : kept), value),
    note: (value) => all.reduce((kept, one) => one.note?.(kept) ?? kept, value),
    fileName: (name) => all.reduce((kept, one) => one.fileName?.(kept) ?? kept, name),
    ...(noteIds && { noteIds }),
  };
}
