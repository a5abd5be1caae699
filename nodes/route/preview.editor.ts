import type { RouteRules } from '../../src/conversation/route-rules.js';
import { endpointName } from './party-select.editor.js';
import type { PreviewedMessage } from './previewed-message.js';

/** Milliseconds without a change of the rules before they are tried. */
const DELAY = 300;

/** Shows where the rules would send the last messages, each as if it were new. */
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
  const answer = ({ route, error }: PreviewedMessage): JQuery => {
    if (!route) return $('<div>', { class: 'switchboard-route-none' }).text(error ?? '');
    const names = route.to.map((id) => endpointName(id) ?? id).join(', ');
    const why = translate(`preview.by.${route.by}`, { rules: route.rules?.join(', ') ?? '' });
    if (route.by === 'none') return $('<div>', { class: 'switchboard-route-none' }).text(why);
    return $('<div>').append($('<span>').text(`→ ${names}`), $('<small>').text(why));
  };
  const load = (body: string) => {
    tried = body;
    const request = $.ajax({ url: 'switchboard/routes/preview', method: 'POST', contentType: 'application/json', data: body });
    // A later change of the rules has its own answer.
    request.done((messages: PreviewedMessage[]) => body === tried && draw(messages));
    request.fail(({ responseJSON, status }: JQuery.jqXHR) => {
      const { message } = (responseJSON ?? {}) as { message?: string };
      const text = message ?? translate(status === 401 || status === 403 ? 'runtime.notAllowed' : 'runtime.gone');
      if (body === tried) table.empty().append($('<p>').text(text));
    });
  };
  return {
    element: $('<div>').append($('<h4>').text(translate('preview.title')), $('<p>').text(translate('preview.hint')), table),
    update(rules) {
      const body = JSON.stringify({ rules });
      clearTimeout(timer);
      if (body !== tried) timer = setTimeout(() => load(body), DELAY);
    },
  };
}
