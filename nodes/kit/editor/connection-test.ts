import { dialog } from './fields.js';

/** One answer of the runtime; `Check` of src/endpoints, which an editor file cannot import because its neighbours need Node.js types. */
interface Check {
  name: string;
  ok: boolean | 'warning';
  text: string;
}

const ICONS = { yes: 'fa-check-circle', warning: 'fa-exclamation-triangle', no: 'fa-times-circle' };

/** What the runtime is to try: the settings as they stand in the dialog. A password that was not touched is sent as `__PWRD__`. */
export interface ConnectionTest {
  type: string;
  config: Record<string, unknown>;
  credentials: Record<string, string>;
}

/** Wires the button "Test connection" of an endpoint's dialog. */
export function connectionTest(node: { id: string; _: Translate }, current: () => ConnectionTest): void {
  const form = dialog('node-config-input');
  const button = form.find('.switchboard-test');
  const list = form.find('.switchboard-checks');
  button.on('click', (event) => {
    event.preventDefault();
    button.prop('disabled', true);
    show(list, [{ icon: 'fa-spinner fa-spin', name: node._('endpoint.testing'), text: '' }]);
    $.ajax({
      url: `switchboard/endpoints/${encodeURIComponent(node.id)}/test`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(current()),
    })
      .done((checks: Check[]) => show(list, checks.map(row)))
      .fail((answer) => show(list, [{ icon: ICONS.no, name: node._('endpoint.testFailed'), text: reason(node, answer) }]))
      .always(() => button.prop('disabled', false));
  });

  function row(check: Check): Row {
    const grade = check.ok === true ? 'yes' : check.ok === 'warning' ? 'warning' : 'no';
    return { icon: ICONS[grade], grade: node._(`endpoint.check.${grade}`), name: check.name, text: check.text };
  }
}

interface Row {
  icon: string;
  grade?: string;
  name: string;
  text: string;
}

function show(list: JQuery, rows: Row[]): void {
  list.empty();
  for (const { icon, grade, name, text } of rows) {
    // What a partner says is put in as text, never as markup.
    const item = $('<li>').append($('<i>', { class: `fa ${icon}`, title: grade, 'aria-label': grade }));
    $('<div>').append($('<b>').text(name), $('<span>').text(text)).appendTo(item);
    list.append(item);
  }
}

function reason(node: { _: Translate }, answer: JQuery.jqXHR): string {
  if (answer.status === 0) return node._('endpoint.noRuntime');
  if (answer.status === 401 || answer.status === 403) return node._('endpoint.notAllowed');
  if (answer.status === 404) return node._('endpoint.noRoute');
  const message = (answer.responseJSON as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' ? message : answer.statusText;
}
