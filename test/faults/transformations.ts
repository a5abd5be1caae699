import type { Transformation } from './partner-formats.js';

/** Transformations that real partners apply to written values. */
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
/** Initial values of new records, whatever the create contains. */
const INITIAL_VALUES: Record<string, string> = {
  status: 'acknowledged',
  state: '1',
  severity: 'Minor',
  impact: '3',
  urgency: '3',
};

export const TRANSFORMATIONS = {
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
  'states of its own at create': { field: (name, value, isNew) => (isNew ? (INITIAL_VALUES[name] ?? value) : value) },
  'no state at all': { field: (name, value) => (['status', 'state', 'hold_reason'].includes(name) ? undefined : value) },
} satisfies Record<string, Transformation>;

export type TransformationName = keyof typeof TRANSFORMATIONS;

/** Combines several transformations; they are applied in order. */
export function combine(...names: TransformationName[]): Transformation {
  const all: Transformation[] = names.map((name) => TRANSFORMATIONS[name]);
  const noteIds = all.map((one) => one.noteIds).find(Boolean);
  return {
    field: (name, value, isNew) =>
      all.reduce((kept: unknown, one) => (one.field && kept !== undefined ? one.field(name, kept, isNew) : kept), value),
    note: (value) => all.reduce((kept, one) => one.note?.(kept) ?? kept, value),
    fileName: (name) => all.reduce((kept, one) => one.fileName?.(kept) ?? kept, name),
    ...(noteIds && { noteIds }),
  };
}
