import type { ConversationDetail, Lane, Note, TimelineEntry } from '../conversation-views.js';
import type { Backend } from '../view/backend.js';
import { button, element } from '../view/element.js';
import { reasonText } from '../view/fixed-text.js';
import { chip, time, warningMark } from '../view/row.js';
import { wholeTime } from '../view/time.js';
import { waitText } from '../view/wait-text.js';
import type { WaitView } from '../views.js';
import { type LaneAction, laneHead, laneName, stateChip } from './lane-head.js';
import { dayOf, pauseText, timeOfDay } from './time-axis.js';

/** Milliseconds without an entry after which the time axis is folded. */
const GAP = 10 * 60_000;
/** States that are not shown on an arrow. */
const UNMARKED_STATES = ['delivered', 'ignored'];
/** Maximum number of changed fields named on an arrow. */
const FIELDS = 3;

/** The entry that was pressed, and the message to open. */
export type Pressed = Pick<TimelineEntry, 'id' | 'message'>;

/**
 * A conversation as swimlanes: a column for each party, and one for Switchboard between the side that started it and the others,
 * with time going down. A message is an arrow from a party's lane to ours, a delivery an arrow from ours; a click opens the
 * message. In a narrow view, the same entries are a list (conversations.css).
 */
export function swimlanes(
  view: ConversationDetail,
  t: Backend['t'],
  open: (entry: Pressed) => void,
  act: LaneAction | undefined,
): HTMLElement {
  const middle = Math.max(1, view.lanes.filter((lane) => lane.link?.origin === 'theirs').length);
  const column = (lane: Lane) => {
    const index = view.lanes.indexOf(lane);
    return index < middle ? index : index + 1;
  };
  const heads: HTMLElement[] = view.lanes.map((lane) => laneHead(lane, t, act));
  const ours = element(
    'div',
    { class: 'switchboard-lane-head switchboard-lane-ours' },
    element('span', { class: 'switchboard-lane-party' }, 'Switchboard'),
  );
  heads.splice(middle, 0, ours);
  const body = element('ol', { class: 'switchboard-swim', 'aria-label': t('conversations.timeline') });
  const places: Columns = { middle, column, lanes: new Map(view.lanes.map((lane) => [lane.key, lane])) };
  let before: string | undefined;
  for (const entry of view.entries) {
    const fold = foldBetween(before, entry.at, t);
    if (fold) body.append(fold);
    const into = view.entries.find(({ id }) => id === entry.mergedInto);
    body.append(row(entry, places, t, open, into));
    before = entry.at;
  }
  return element(
    'div',
    { class: 'switchboard-lanes', style: `--lanes: ${heads.length}` },
    element('div', { class: 'switchboard-lane-heads' }, ...heads),
    view.earlier && element('p', { class: 'switchboard-muted' }, t('conversations.earlier')),
    element(
      'div',
      { class: 'switchboard-swim-body' },
      element(
        'div',
        { class: 'switchboard-lifelines', 'aria-hidden': 'true' },
        ...heads.map((_, index) => element('i', { class: index === middle ? 'switchboard-lifeline-ours' : '' })),
      ),
      body,
    ),
    view.entries.length === 0 && element('p', { class: 'switchboard-notice' }, t('conversations.empty')),
  );
}

interface Columns {
  middle: number;
  column(lane: Lane): number;
  lanes: Map<string, Lane>;
}

/** A fold in the axis after a pause, or the date of a new day. */
function foldBetween(before: string | undefined, at: string, t: Backend['t']): HTMLElement | undefined {
  const day = before === undefined || dayOf(before) !== dayOf(at) ? dayOf(at) : undefined;
  const pause = before === undefined ? 0 : Date.parse(at) - Date.parse(before);
  if (!day && pause < GAP) return undefined;
  const words = [pause >= GAP && t('conversations.later', { time: pauseText(pause) }), day].filter(Boolean).join(' · ');
  return element('li', { class: 'switchboard-fold' }, element('span', {}, words));
}

/** `into`: the entry with which a merged update is written. */
function row(
  entry: TimelineEntry,
  places: Columns,
  t: Backend['t'],
  open: (entry: Pressed) => void,
  into: TimelineEntry | undefined,
): HTMLElement {
  const lane = places.lanes.get(entry.lane) as Lane;
  const at = places.column(lane);
  const [from, to] = [Math.min(at, places.middle), Math.max(at, places.middle)];
  const span = to - from + 1;
  const incoming = entry.direction === 'incoming';
  const what = entryText(entry, t);
  const arrow = element(
    'button',
    {
      type: 'button',
      class: `switchboard-swim-arrow switchboard-swim-arrow-${entry.state} ${incoming === at < places.middle ? 'switchboard-swim-arrow-right' : 'switchboard-swim-arrow-left'}`,
      style: `--from: ${from + 2}; --span: ${span}`,
      'data-id': entry.id,
      'aria-label': `${t(`conversations.${entry.direction}`, { party: laneName(lane) })}: ${what} ${t(`state.${entry.state}`)}, ${wholeTime(entry.at)}`,
    },
    element(
      'span',
      { class: 'switchboard-swim-arrow-path' },
      t(`conversations.${entry.direction}`, { party: [lane.endpoint, lane.leg].filter(Boolean).join(' ') }),
    ),
    element(
      'span',
      { class: 'switchboard-swim-arrow-what' },
      what,
      ' ',
      !UNMARKED_STATES.includes(entry.state) && chip(entry.state, t),
    ),
    element('span', { class: 'switchboard-swim-arrow-line', 'aria-hidden': 'true' }),
  );
  arrow.addEventListener('click', () => open(entry));
  const details = element(
    'div',
    { class: 'switchboard-entry-notes', style: `--column: ${at + 2}` },
    entry.entityState && stateChip(entry.entityState, t),
    ...entry.notes.map((one) => note(one, t)),
    into && button(t('conversations.mergedInto', { time: timeOfDay(into.at) }), 'switchboard-link', () => open(into)),
    entry.wait &&
      element(
        'p',
        { class: 'switchboard-entry-reason' },
        ...waitWords(entry.wait, t, (message) => open({ id: entry.id, message })),
      ),
    entry.warning && element('p', { class: 'switchboard-entry-reason' }, warningMark(entry.warning, t)),
    entry.event !== 'nothing' &&
      entry.reason &&
      element('p', { class: `switchboard-entry-reason switchboard-reason-${entry.state}` }, reasonText(entry.reason, t)),
  );
  return element(
    'li',
    { class: 'switchboard-swim-row' },
    element('time', { datetime: entry.at, title: wholeTime(entry.at), class: 'switchboard-time' }, timeOfDay(entry.at)),
    arrow,
    details.childElementCount > 0 && details,
  );
}

function entryText({ event, fields, reason }: TimelineEntry, t: Backend['t']): string {
  if (event === 'nothing' && reason) return reason;
  const what = t(`event.${event}`);
  if (fields.length === 0) return what;
  const more = fields.length > FIELDS ? ` +${fields.length - FIELDS}` : '';
  return `${what}: ${fields.slice(0, FIELDS).join(', ')}${more}`;
}

/** Why it waits and since when, with a link to what comes first. */
function waitWords(wait: WaitView, t: Backend['t'], open: (message: string) => void): (Node | string)[] {
  const { behind, since } = wait;
  const link = behind && button(t('waits.open', { number: behind.number }), 'switchboard-link', () => open(behind.message));
  return [waitText(wait, t), ` ${t('waits.since')} `, time(since), ...(link ? [' ', link] : [])];
}

function note({ kind, text, author, internal }: Note, t: Backend['t']): HTMLElement {
  return element(
    'div',
    { class: `switchboard-bubble switchboard-bubble-${kind} ${internal ? 'switchboard-bubble-internal' : ''}` },
    (internal || author) &&
      element(
        'span',
        { class: 'switchboard-bubble-who' },
        internal && element('b', {}, t('conversations.internal')),
        author && element('span', {}, author),
      ),
    element('span', { class: 'switchboard-bubble-text' }, kind === 'attachment' ? `📎 ${text}` : text),
  );
}
