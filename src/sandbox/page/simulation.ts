import { act, type Behaviour, type Fault, type Strangeness } from './backend.js';
import { h, select } from './dom.js';

const FAULTS: [string, string][] = [
  ['', 'everything works'],
  ['503', 'answers 503, three times'],
  ['429', 'limits the rate, once'],
  ['reset-after', 'loses the next answer'],
  ['timeout-before', 'does not answer once'],
  ['slow', 'is slow (1 s)'],
];

/** The kinds of requests as people call them. */
const KINDS: Record<string, string> = {
  list: 'When asked for a list',
  read: 'When asked for one record',
  create: 'When a record is made',
  change: 'When a record is changed',
};

const BEHAVIOURS: Record<string, string> = {
  accepted: '202 with {}',
  empty: '200 without a body',
  noContent: '204',
  emptyObject: '200 with {}',
  errorObject: '200 with an error',
  errorBeside: '200 with an error and an empty list',
  html: 'a page to sign in',
  gatewayNotFound: '404 of a gateway, a page',
  gatewayNotFoundJson: '404 of a gateway, JSON',
  wrapped: 'the list within an object',
  lone: 'a single entry without its list',
  lag: 'new records come later',
  part: '206 with a part',
  stubs: 'entries with nothing but their ids',
  stub: 'nothing but its id',
  listless: 'the record without its lists',
  shorter: 'its lists without their last entries',
  otherRecord: 'another record',
  lateRecord: '404 while the record is new',
  stale: 'the record as it was',
  acceptedJob: '202 with a job; done',
  acceptedDropped: '202 with a job; not done',
  acceptedRecord: '202 with the record; not done',
  otherMade: 'another record; not done',
  unchanged: 'the record as it was; not done',
  doneNoContent: '204; done',
  doneStub: 'nothing but its id; done',
  okError: '200 with an error; not done',
  doneError: '200 with an error; done',
  late: 'no answer; done later',
  doneConflict: '409 where the reference is known',
  renumber: 'items get ids 10, 20, 30',
  pad: 'ids of items become 0001',
  split: 'items are split by quantity',
  reverse: 'items in reverse order',
};
/** Done before the answer, or not at all: the same words would not say it of a change. */
const OF_CHANGE: Record<string, string> = {
  accepted: '202 with {}; not done',
  otherRecord: 'another record; done',
  noContent: '204; not done',
  stub: 'nothing but its id; not done',
};
/** Milliseconds for those that last a while: a person has to see it. */
const LASTING = '10000';

/** The switches below a desk: what goes wrong there, and how it behaves. */
export function switchesOf(actions: string, { faults, behaviours, choices }: Strangeness): HTMLElement {
  return h(
    'div',
    { class: 'faults' },
    labelled('This partner', faults.length > 0 && 'fault switched on', faultSwitch(actions, faults)),
    labelled('answers', behaviours.length > 0 && when(behaviours), behaviourSwitch(actions, behaviours, choices)),
  );
}

function labelled(label: string, on: string | false, control: HTMLElement): HTMLElement {
  return h('label', {}, h('span', {}, label, on && h('span', { class: 'on' }, ` ${on}`)), control);
}

/** Which requests are answered so: a closed list does not show it. */
function when([now]: Behaviour[]): string {
  return `strangely ${(KINDS[now?.kind ?? ''] ?? 'whatever is asked').toLowerCase()}`;
}

function faultSwitch(actions: string, [now]: Fault[]): HTMLElement {
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

function behaviourSwitch(actions: string, [now]: Behaviour[], choices: Strangeness['choices']): HTMLElement {
  const choose = async (value: string) => {
    await act(`${actions}/clearBehaviours`);
    const [kind = '', name] = value.split(':');
    if (name) await act(`${actions}/behaviour`, { kind, name, ms: LASTING });
  };
  const list = select('behaviour', [['', 'as they should be']], '');
  for (const [kind, names] of Object.entries(choices)) {
    const words = (name: string) => (kind === 'change' && OF_CHANGE[name]) || BEHAVIOURS[name] || name;
    const chosen = (name: string) => now?.name === name && (now.kind ?? kind) === kind;
    const options = names.map((name) => h('option', { value: `${kind}:${name}`, selected: chosen(name) }, words(name)));
    list.append(h('optgroup', { label: KINDS[kind] ?? kind }, ...options));
  }
  list.setAttribute('aria-label', 'Behaviour of this partner');
  list.addEventListener('change', () => void choose(list.value));
  return list;
}
