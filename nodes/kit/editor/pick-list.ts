import { type ConnectionTest, reason } from './connection-test.js';

/** What the runtime offers to choose from; `note`: why it may be less than there is. See pick-lists.ts. */
export interface Listed {
  items: { name: string; label?: string; type?: string }[];
  note?: string;
}

/** The tables of the endpoint in the dialog, with the settings as they stand there. Rejects with a reason in words. */
export function tablesOf(translate: Translate, { id, ...settings }: ConnectionTest): Promise<Listed> {
  return ask(translate, id, 'tables', settings);
}

/** The columns of a table at a deployed endpoint. */
export function columnsOf(translate: Translate, id: string, table: string): Promise<Listed> {
  return ask(translate, id, 'fields', { table });
}

function ask(translate: Translate, id: string, list: string, body: object): Promise<Listed> {
  const url = `switchboard/endpoints/${encodeURIComponent(id)}/${list}`;
  return new Promise((resolve, reject) => {
    $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(body) }).then(
      resolve,
      (answer: JQuery.jqXHR) => reject(new Error(reason(translate, answer))),
    );
  });
}

/** Suggests items for an input; what is typed need not be one of them. `before` stands before each. */
export function suggest(input: JQuery, items: Listed['items'], before = ''): void {
  const id = `${input.attr('id') ?? ''}-list`;
  $(`#${CSS.escape(id)}`).remove();
  const list = $('<datalist>', { id });
  // A partner's words are put in as text.
  for (const { name, label } of items)
    list.append($('<option>', { label: label && label !== name ? `${label} (${name})` : name }).val(before + name));
  input.after(list).attr('list', id);
}
