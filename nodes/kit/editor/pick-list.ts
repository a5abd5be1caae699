import { type ConnectionTest, failureText, mayDeploy } from './connection-test.js';

/** The items of a system's pick list; `note`: why the list may be incomplete. */
export interface PickListResult {
  items: { name: string; label?: string; type?: string }[];
  note?: string;
}

/** Loads a pick list with the settings shown in the endpoint's dialog. Rejects with a message for users. */
export function loadListFromDialog(
  translate: Translate,
  list: string,
  { id, ...settings }: ConnectionTest,
): Promise<PickListResult> {
  return load(translate, id, `typed/${list}`, settings);
}

/** Loads a pick list of a deployed endpoint. */
export function loadDeployedList(
  translate: Translate,
  id: string,
  list: string,
  parameters: Record<string, string>,
): Promise<PickListResult> {
  return load(translate, id, `lists/${list}`, parameters);
}

function load(translate: Translate, id: string, path: string, body: object): Promise<PickListResult> {
  if (!mayDeploy()) return Promise.reject(new Error(translate('endpoint.notAllowed')));
  const url = `switchboard/endpoints/${encodeURIComponent(id)}/${path}`;
  return new Promise((resolve, reject) => {
    $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(body) }).then(
      resolve,
      (answer: JQuery.jqXHR) => reject(new Error(failureText(translate, answer))),
    );
  });
}

/** Suggests items for an input, which also accepts other values. `before` is put before each item. */
export function suggest(input: JQuery, items: PickListResult['items'], before = ''): void {
  const id = `${input.attr('id') ?? ''}-list`;
  $(`#${CSS.escape(id)}`).remove();
  const list = $('<datalist>', { id });
  // Partners' texts are inserted as text, never as markup.
  for (const { name, label } of items)
    list.append($('<option>', { label: label && label !== name ? `${label} (${name})` : name }).val(before + name));
  input.after(list).attr('list', id);
}
