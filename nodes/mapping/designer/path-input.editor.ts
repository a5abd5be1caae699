import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import { element } from '../../kit/editor/element.js';
import { iconButton, textInput } from './inputs.editor.js';
import { pickField } from './picker.editor.js';

interface PathField {
  label: string;
  /** Read whenever they are needed, because both change while the input is shown. */
  path: () => string;
  fields: () => CatalogField[];
  typed: (path: string) => void;
  picked: (path: string) => void;
  remove?: () => void;
}

/** An input for a path, with information about its field and a list to choose another one from. */
export function pathInput({ label, path, fields, typed, picked, remove }: PathField, t: Translate): HTMLElement {
  const input = textInput(path(), label, (text) => {
    typed(text);
    show();
  });
  const note = element('small', { class: 'switchboard-panel-note' });
  const show = () => {
    note.textContent = aboutField(path(), fields(), t);
    note.title = `${path()}\n${note.textContent}`;
  };
  show();
  const pick = iconButton('fa-search', t('picker.open'), () =>
    pickField(pick, { title: label, fields: fields(), used: new Set([path()]), choose: picked }, t),
  );
  return element(
    'div',
    { class: 'switchboard-path' },
    element('div', {}, input, pick, remove && iconButton('fa-times', t('rule.removeField'), remove)),
    note,
  );
}

function aboutField(path: string, fields: CatalogField[], t: Translate): string {
  const field = fields.find((one) => one.path === path);
  if (!field) return path ? t('field.unknown') : '';
  const facts = [t(`field.type.${field.type}`), field.required && t('field.required'), field.readOnly && t('field.readOnly')];
  return [field.description || (field.seen ? t('field.seen') : ''), facts.filter(Boolean).join(', ')].filter(Boolean).join(' · ');
}
