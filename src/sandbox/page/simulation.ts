import { act, type Behaviour, type Fault, type SimulationState } from './backend.js';
import { h, select } from './dom.js';

const FAULTS: [string, string][] = [
  ['', 'none'],
  ['503', 'returns 503 three times'],
  ['429', 'returns 429 once'],
  ['reset-after', 'loses one answer'],
  ['timeout-before', 'one request times out'],
  ['slow', 'responds slowly (1 s)'],
];

/** Labels of the kinds of requests. */
const KINDS: Record<string, string> = {
  list: 'Reading a list',
  read: 'Reading a record',
  create: 'Creating a record',
  change: 'Updating a record',
  cancel: 'Cancelling an order',
};

const BEHAVIOURS: Record<string, string> = {
  accepted: '202 with {}',
  empty: '200 without a body',
  noContent: '204',
  emptyObject: '200 with {}',
  errorObject: '200 with an error',
  errorBeside: '200 with an error and an empty list',
  html: 'a sign-in page (HTML)',
  gatewayNotFound: '404 from a gateway, HTML',
  gatewayNotFoundJson: '404 from a gateway, JSON',
  wrapped: 'the list wrapped in an object',
  lone: 'a single entry without a list',
  lag: 'new records appear with a delay',
  part: '206 with a partial result',
  stubs: 'entries with only their ids',
  stub: 'only its id',
  listless: 'the record without its lists',
  shorter: 'its lists without the last entries',
  otherRecord: 'another record',
  lateRecord: '404 while the record is new',
  stale: 'an outdated record',
  acceptedJob: '202 with a job; executed',
  acceptedDropped: '202 with a job; not executed',
  acceptedRecord: '202 with the record; not executed',
  otherMade: 'another record; not executed',
  unchanged: 'the unchanged record; not executed',
  doneNoContent: '204; executed',
  doneStub: 'only its id; executed',
  okError: '200 with an error; not executed',
  doneError: '200 with an error; executed',
  late: 'no answer; executed later',
  doneConflict: '409 if the reference exists',
};
/** What vendors make of orders. */
const ORDER_BEHAVIOURS: Record<string, string> = {
  renumber: 'Numbers items 10, 20, 30',
  pad: 'Numbers items 0001, 0002',
  ownIds: 'Gives items ids of its own',
  reverse: 'Returns items in reverse order',
  split: 'Splits items by quantity',
  merge: 'Merges items of one offering',
  bundle: 'Bundles all items into one of its own',
  fee: 'Adds a fee',
  splitOrder: 'Makes two orders of one',
  queued: 'Accepts orders (202), creates them later',
  eventOnly: 'Accepts orders (202), their ids are only in events',
  completed: 'Completes orders at once',
  wholeDate: 'Has a date for the whole order only',
  reprice: 'Changes prices and date later',
  ownWords: 'Has its own words for states',
  lockedInProgress: 'Refuses changes once in progress (409)',
  cancelMissing: 'Has no cancelProductOrder (404)',
  cancelIgnored: 'Confirms cancellations, and ignores them',
  cancelPretended: 'Says that it cancelled, and did not',
};
/** Labels that differ for updates, because they also show whether the update is executed. */
const UPDATE_LABELS: Record<string, string> = {
  accepted: '202 with {}; not executed',
  otherRecord: 'another record; executed',
  noContent: '204; not executed',
  stub: 'only its id; not executed',
};
/** Duration in milliseconds for delayed behaviours: long enough for a user to see the effect. */
const DELAY = '10000';

/** How long orders are queued and prices stay. */
const ORDER_DELAY = '3000';

/** The controls for faults and behaviours below a desk. */
export function simulationControls(actions: string, { faults, behaviours, choices, orderChoices }: SimulationState): HTMLElement {
  const [answers, ofOrders] = [false, true].map((own) => behaviours.filter(({ name }) => orderChoices.includes(name) === own));
  return h(
    'div',
    { class: 'faults' },
    labelled('Simulated fault', faults.length > 0 && 'active', faultControl(actions, faults)),
    labelled('Answers', answers?.length ? activeFor(answers) : false, behaviourControl(actions, answers ?? [], choices)),
    orderChoices.length > 0 && orderControl(actions, ofOrders ?? [], orderChoices),
  );
}

/** The desks whose list of order behaviours is unfolded. */
const unfolded = new Set<string>();

/** What a vendor makes of orders: several at once. */
function orderControl(actions: string, active: Behaviour[], choices: string[]): HTMLElement {
  const boxes = choices.map((name) => {
    const on = active.some((behaviour) => behaviour.name === name);
    const change = () =>
      void (on ? act(`${actions}/endBehaviour`, { name }) : act(`${actions}/behaviour`, { name, ms: ORDER_DELAY }));
    const box = h('input', { type: 'checkbox', checked: on, onchange: change, 'data-keep': `${actions}-${name}` });
    return h('label', { class: 'switch' }, box, ORDER_BEHAVIOURS[name] ?? name);
  });
  const details = h(
    'details',
    { open: unfolded.has(actions), class: 'ways' },
    h('summary', {}, 'What it makes of orders', active.length > 0 && h('span', { class: 'on' }, ` ${active.length} changed`)),
    h('div', { role: 'group', 'aria-label': 'What this vendor makes of orders' }, ...boxes),
  ) as HTMLDetailsElement;
  details.addEventListener('toggle', () => unfolded[details.open ? 'add' : 'delete'](actions));
  return details;
}

function labelled(label: string, on: string | false, control: HTMLElement): HTMLElement {
  return h('label', {}, h('span', {}, label, on && h('span', { class: 'on' }, ` ${on}`)), control);
}

/** The requests affected by the behaviour, which a closed list does not show. */
function activeFor([now]: Behaviour[]): string {
  return `changed for ${(KINDS[now?.kind ?? ''] ?? 'all requests').toLowerCase()}`;
}

function faultControl(actions: string, [now]: Fault[]): HTMLElement {
  const choose = async (value: string) => {
    await act(`${actions}/clearFaults`);
    if (/^\d+$/.test(value))
      await act(`${actions}/fault`, { kind: 'status', status: value, times: value === '429' ? '1' : '3', retryAfter: '2' });
    else if (value) await act(`${actions}/fault`, { kind: value, times: value === 'slow' ? '20' : '1' });
  };
  const list = select('fault', FAULTS, now ? String(now.status ?? now.kind) : '');
  list.setAttribute('aria-label', 'Faults of this partner');
  list.addEventListener('change', () => void choose(list.value));
  return list;
}

function behaviourControl(actions: string, [now]: Behaviour[], choices: SimulationState['choices']): HTMLElement {
  const choose = async (value: string) => {
    if (now) await act(`${actions}/endBehaviour`, { name: now.name });
    const [kind = '', name] = value.split(':');
    if (name) await act(`${actions}/behaviour`, { kind, name, ms: DELAY });
  };
  const list = select('behaviour', [['', 'normal']], '');
  for (const [kind, names] of Object.entries(choices).filter(([, known]) => known.length > 0)) {
    const labelOf = (name: string) => (kind === 'change' && UPDATE_LABELS[name]) || BEHAVIOURS[name] || name;
    const chosen = (name: string) => now?.name === name && (now.kind ?? kind) === kind;
    const options = names.map((name) => h('option', { value: `${kind}:${name}`, selected: chosen(name) }, labelOf(name)));
    list.append(h('optgroup', { label: KINDS[kind] ?? kind }, ...options));
  }
  list.setAttribute('aria-label', 'Behaviour of this partner');
  list.addEventListener('change', () => void choose(list.value));
  return list;
}
