import type { RouteRules } from '../../src/conversation/route-rules.js';
import type { RouteDecision } from '../../src/store/store.js';
import { PeopleData } from '../kit/editor/people-data.js';
import { endpointName } from './party-select.editor.js';
import type { PreviewedMessage } from './previewed-message.js';

const ADDRESS = 'switchboard/routes/preview';
/** Milliseconds without a change of the rules before they are tried. */
const DELAY = 300;

/** Shows where the rules would send the last messages: those that began a conversation as new cases, the others as updates. */
export function routePreview(translate: Translate): { element: JQuery; update(rules: RouteRules): void } {
  const table = $('<div>', {
    class: 'switchboard-route-table',
    tabindex: 0,
    role: 'region',
    'aria-label': translate('preview.title'),
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tried = '';

  const draw = (messages: PreviewedMessage[]) => {
    table.empty();
    if (messages.length === 0) table.append($('<p>').text(translate('preview.empty')));
    for (const message of messages) {
      const what = $('<div>').append($('<b>').text(message.number), ' ', $('<span>').text(message.title ?? ''));
      what.append($('<small>').text(translate('preview.from', { name: message.endpoint })));
      table.append($('<div>').append(what, answer(message)));
    }
  };
  const answer = ({ route, isUpdate, error }: PreviewedMessage): JQuery => {
    const names = route?.to.map((id) => endpointName(id) ?? id).join(', ') ?? '';
    const isSent = names !== '';
    const text = isUpdate ? translate(isSent ? 'preview.goesBack' : 'preview.noRow', { names }) : `→ ${names}`;
    if (!route || (!isSent && !isUpdate)) return $('<div>', { class: 'switchboard-route-none' }).text(error ?? byText(route));
    return $('<div>', { class: isSent ? '' : 'switchboard-route-none' }).append(
      $('<span>').text(text),
      isUpdate ? '' : $('<small>').text(byText(route)),
    );
  };
  const byText = (route?: RouteDecision) =>
    route ? translate(`preview.by.${route.by}`, { rules: route.rules?.join(', ') ?? '' }) : '';
  const people = new PeopleData(translate, () => tried && load(tried));
  const isNewest = (body: string, url: string) => body === tried && url === people.address(ADDRESS);
  const load = (body: string) => {
    tried = body;
    const url = people.address(ADDRESS);
    const request = $.ajax({ url, method: 'POST', contentType: 'application/json', data: body });
    // A later change of the rules, or of what is masked, has its own answer.
    request.done((messages: PreviewedMessage[]) => isNewest(body, url) && draw(messages));
    request.fail(({ responseJSON, status }: JQuery.jqXHR) => {
      const { message } = (responseJSON ?? {}) as { message?: string };
      const text = message ?? translate(status === 401 || status === 403 ? 'runtime.notAllowed' : 'runtime.gone');
      if (isNewest(body, url)) table.empty().append($('<p>').text(text));
    });
  };
  return {
    element: $('<div>').append(
      $('<h4>').text(translate('preview.title')),
      $('<p>').text(translate('preview.hint')),
      people.element,
      table,
    ),
    update(rules) {
      const body = JSON.stringify({ rules });
      clearTimeout(timer);
      if (body !== tried) timer = setTimeout(() => load(body), DELAY);
    },
  };
}
