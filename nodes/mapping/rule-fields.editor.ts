/** The small inputs a rule is made of; each hands on what was typed as it is typed. */

export function textField(value: string, set: (value: string) => void): JQuery {
  const input = $('<input>', { type: 'text' }).val(value);
  return input.on('input', () => set(String(input.val() ?? '').trim()));
}

export function choice(value: string, options: string[], text: (option: string) => string, set: (value: string) => void): JQuery {
  const select = $('<select>').append(...options.map((option) => $('<option>').val(option).text(text(option))));
  select.val(value);
  return select.on('change', () => set(String(select.val() ?? '')));
}

export function line(className: string, ...parts: JQuery[]): JQuery {
  return $('<div>', { class: className }).append(...parts);
}

export function labelled(input: JQuery, label: string): JQuery {
  return input.attr('aria-label', label);
}

export function row(label: string, ...inputs: JQuery[]): JQuery {
  const box = $('<label>', { class: 'switchboard-rule-row' }).append($('<span>').text(label));
  return box.append($('<span>', { class: 'switchboard-columns' }).append(...inputs));
}
