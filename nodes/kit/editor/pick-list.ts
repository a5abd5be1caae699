import { type ConnectionTest, reason } from './connection-test.js';

/** What the runtime offers to choose from; `note`: why it may be less than there is. See the pick lists of a system. */
export interface PickListResult {
  items: { name: string; label?: string; type?: string }[];
  note?: string;
}

/** A pick list of the endpoint in the dialog, with the settings it shows. Rejects with a reason in words. */
export function typedList(translate: Translate, list: string, { id, ...settings }: ConnectionTest): Promise<PickListResult> {
  return ask(translate, id, `typed/${list}`, settings);
}

/** A pick list of a deployed endpoint. */
export function deployedList(
  translate: Translate,
  id: string,
  list: string,
  asked: Record<string, string>,
): Promise<PickListResult> {
  return ask(translate, id, `lists/${list}`, asked);
}

function ask(translate: Translate, id: string, path: string, body: object): Promise<PickListResult> {
  const url = `switchboard/endpoints/${encodeURIComponent(id)}/${path}`;
  return new Promise((resolve, reject) => {
    $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(body) }).then(
      resolve,
      (answer: JQuery.jqXHR) => reject(new Error(reason(translate, answer))),
    );
  });
}

/** Suggests items for an input; what is typed need not be one of them. `before` stands before each. */
export function suggest(input: JQuery, items: PickListResult['items'], before = ''): void {
  const id = `${input.attr('id') ?? ''}-list`;
  $(`#${CSS.escape(id)}`).remove();
  const list = $('<datalist>', { id });
  // A partner's words are put in as text.
  for (const { name, label } of items)
    list.append($('<option>', { label: label && label !== name ? `${label} (${name})` : name }).val(before + name));
  input.after(list).attr('list', id);
}
