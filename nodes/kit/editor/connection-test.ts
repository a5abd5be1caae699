/**
 * One result of the runtime; `Check` of src/endpoints, which an editor file cannot import because that file needs Node.js types.
 */
export interface Check {
  name: string;
  ok: boolean | 'warning';
  text: string;
}

const ICONS = { yes: 'fa-check-circle', warning: 'fa-exclamation-triangle', no: 'fa-times-circle' };

/** The settings to test, as shown in the dialog. A password that was not changed is sent as `__PWRD__`. */
export interface ConnectionTest {
  /** Id of the node whose deployed credentials are used where none are entered. */
  id: string;
  type: string;
  config: Record<string, unknown>;
  credentials: Record<string, string>;
}

/**
 * Sets up the button "Test connection" and its list, see connection-test.html. `onTested` receives the results; none if the test
 * could not be run.
 */
export function connectionTest(
  box: JQuery,
  translate: Translate,
  current: () => ConnectionTest,
  onTested: (checks: Check[]) => void = () => undefined,
): void {
  const button = box.find('.switchboard-test');
  const list = box.find('.switchboard-checks');
  const isAllowed = mayDeploy();
  if (!isAllowed) {
    button.prop('disabled', true);
    show(list, [{ icon: ICONS.no, name: translate('endpoint.testFailed'), text: translate('endpoint.notAllowed') }]);
  }
  button.on('click', (event) => {
    event.preventDefault();
    // The wizard tests without a click of its user.
    if (!isAllowed) return onTested([]);
    const { id, ...settings } = current();
    button.prop('disabled', true);
    show(list, [{ icon: 'fa-spinner fa-spin', name: translate('endpoint.testing'), text: '' }]);
    $.ajax({
      url: `switchboard/endpoints/${encodeURIComponent(id)}/test`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(settings),
    })
      .done((checks: Check[]) => {
        show(list, checks.map(row));
        onTested(checks);
      })
      .fail((answer) => {
        show(list, [{ icon: ICONS.no, name: translate('endpoint.testFailed'), text: failureText(translate, answer) }]);
        onTested([]);
      })
      .always(() => button.prop('disabled', false));
  });

  function row(check: Check): Row {
    const grade = check.ok === true ? 'yes' : check.ok === 'warning' ? 'warning' : 'no';
    return { icon: ICONS[grade], grade: translate(`endpoint.check.${grade}`), name: check.name, text: check.text };
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
    // Partners' texts are inserted as text, never as markup.
    const item = $('<li>').append($('<i>', { class: `fa ${icon}`, title: grade, 'aria-label': grade }));
    $('<div>').append($('<b>').text(name), $('<span>').text(text)).appendTo(item);
    list.append(item);
  }
}

/** Whether the user may make the server send requests. The runtime is who enforces it. */
export const mayDeploy = (): boolean => RED.user.hasPermission('flows.write');

/** Why a request to the runtime failed: its own message if it sent one. */
export function failureText(translate: Translate, answer: JQuery.jqXHR): string {
  const message = (answer.responseJSON as { message?: unknown } | undefined)?.message;
  if (typeof message === 'string') return message;
  if (answer.status === 0) return translate('endpoint.noRuntime');
  if (answer.status === 401 || answer.status === 403) return translate('endpoint.notAllowed');
  if (answer.status === 404) return translate('endpoint.noRoute');
  return answer.statusText;
}
