import type { AttemptView, DeliveryView, Exchange } from '../views.js';
import type { Backend } from './backend.js';
import { element } from './element.js';
import { time } from './row.js';

/** The attempts of a delivery: time, result, duration and HTTP exchanges. */
export function attempts(one: DeliveryView, t: Backend['t']): HTMLElement | undefined {
  if (one.attempts.length === 0) return undefined;
  return element(
    'details',
    { class: 'switchboard-body', open: one.state === 'failed' || one.state === 'needsDecision' },
    element('summary', {}, element('span', {}, t('detail.attempts', { count: one.attempts.length }))),
    element('ol', { class: 'switchboard-attempts' }, ...one.attempts.map((attempt) => line(attempt, t))),
  );
}

function line(attempt: AttemptView, t: Backend['t']): HTMLElement {
  const { at, what, status, took, error, exchanges } = attempt;
  return element(
    'li',
    {},
    time(at),
    element('span', {}, [what, status, `${took} ms`].filter((part) => part !== undefined).join(' · ')),
    error && element('span', { class: 'switchboard-failure' }, error),
    exchanges &&
      element(
        'details',
        { class: 'switchboard-http' },
        element('summary', {}, t('http.title', { count: exchanges.length })),
        ...exchanges.map((exchange) => exchangeView(exchange, t)),
      ),
  );
}

function exchangeView({ method, url, took, sent, got, error }: Exchange, t: Backend['t']): HTMLElement {
  return element(
    'div',
    { class: 'switchboard-exchange' },
    element('div', { class: 'switchboard-address' }, element('b', {}, method), ` ${url}`),
    side(t('http.request'), sent),
    got && side(t('http.answer', { status: got.status, took }), got),
    error && element('p', { class: 'switchboard-failure' }, error),
  );
}

function side(title: string, { headers, body }: Exchange['sent']): HTMLElement {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return element(
    'div',
    {},
    element('h4', {}, title),
    element('pre', { tabindex: '0' }, [...head, ...(body === undefined ? [] : ['', pretty(body)])].join('\n')),
  );
}

/** Complete JSON is shown indented; cut JSON or other text as it is. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
