import { dialog, type Prefix } from './fields.js';

/** The root URL of Node-RED's HTTP nodes, as the browser reaches it; ends in `/`. */
export function httpRoot(): string {
  const root = RED.settings.httpNodeRoot || '/';
  return `${location.origin}/${root}/`.replace(/([^:])\/{2,}/g, '$1/');
}

/** Shows a text with a copy button, and updates it when one of the fields changes. */
export function copyField(prefix: Prefix, className: string, text: () => string, fields: JQuery[], translate: Translate): void {
  const box = dialog(prefix).find(`.${className}`);
  const input = box.find('input');
  const button = box.find('button');
  const update = () => input.val(text());
  for (const field of fields) field.on('input change', update);
  update();
  button.attr('title', translate('copy.button')).attr('aria-label', translate('copy.button'));
  button.on('click', (event) => {
    event.preventDefault();
    RED.clipboard.copyText(String(input.val()), button, translate('copy.done'));
  });
}
