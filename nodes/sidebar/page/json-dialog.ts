import type { Backend } from '../view/backend.js';
import { button, element } from '../view/element.js';

/** Edits JSON outside Node-RED's editor, which has its own dialog for this. */
export function jsonDialog(title: string, text: string, t: Backend['t'], done: (text: string | undefined) => void): void {
  let changed: string | undefined;
  const field = element('textarea', { 'aria-label': title, spellcheck: 'false' });
  field.value = text;
  const failure = element('p', { class: 'switchboard-failure', role: 'alert' });
  const dialog = element(
    'dialog',
    { class: 'switchboard-view switchboard-json', 'aria-label': title },
    element('h2', {}, title),
    field,
    failure,
    element(
      'div',
      { class: 'switchboard-actions' },
      button(t('action.apply'), 'switchboard-button switchboard-apply', () => {
        try {
          JSON.parse(field.value);
        } catch (error) {
          failure.textContent = t('action.notJson', { error: String(error) });
          return;
        }
        changed = field.value;
        dialog.close();
      }),
      button(t('action.cancel'), 'switchboard-button', () => dialog.close()),
    ),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    done(changed);
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
}
