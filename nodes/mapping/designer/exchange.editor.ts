import { printableJson } from '../../../src/text/printable.js';
import { button, element } from '../../kit/editor/element.js';
import { mappingIn, rulesIn } from './document.js';
import { iconButton } from './inputs.editor.js';
import type { Session } from './session.editor.js';

export interface Exchange {
  buttons: HTMLElement[];
  copy(event: ClipboardEvent): void;
  cut(event: ClipboardEvent): void;
  paste(event: ClipboardEvent): void;
}

/** Copies rules and whole mappings out of the dialog and into it: through the clipboard, or as a file. */
export function exchange(session: Session, below: HTMLElement): Exchange {
  const { t } = session;

  const file = element('input', { type: 'file', accept: '.json,application/json', hidden: true, class: 'switchboard-import' });
  file.addEventListener('change', async () => {
    const chosen = file.files?.[0];
    file.value = '';
    if (chosen) importText(await chosen.text());
  });
  const copyButton = iconButton('fa-files-o', t('exchange.copy'), () => {
    const text = selection();
    if (text) RED.clipboard.copyText(text, $(copyButton), t('copy.done'));
    else RED.notify(t('exchange.nothing'), 'warning');
  });
  const pasteButton = iconButton('fa-clipboard', t('exchange.paste'), async () => {
    const text = await clipboardText();
    if (text !== undefined && rulesIn(text)) pasteText(text);
    else askForText();
  });

  function selection(): string | undefined {
    const indexes = [...session.state.selected].sort((a, b) => a - b);
    const rules = indexes.map((index) => session.rules[index]).filter(Boolean);
    return rules.length ? JSON.stringify(rules, null, 2) : undefined;
  }

  function pasteText(text: string): boolean {
    const rules = rulesIn(text);
    if (!rules) {
      RED.notify(t('exchange.noRules'), 'error');
      return false;
    }
    const last = session.state.selected.length ? Math.max(...session.state.selected) + 1 : undefined;
    session.add(rules, last);
    return true;
  }

  /**
   * Browsers allow reading the clipboard only on secure pages and with the user's consent: otherwise the user pastes into a text
   * area.
   */
  function askForText(): void {
    below.querySelector('.switchboard-paste')?.remove();
    const area = element('textarea', {
      'aria-label': t('exchange.pasteHere'),
      placeholder: t('exchange.pasteHere'),
      rows: '5',
      spellcheck: 'false',
    });
    const box = element(
      'div',
      { class: 'switchboard-paste' },
      area,
      element(
        'div',
        {},
        button(t('exchange.add'), 'red-ui-button', () => pasteText(area.value) && box.remove()),
        button(t('exchange.cancel'), 'red-ui-button', () => box.remove()),
      ),
    );
    below.prepend(box);
    area.focus();
  }

  function importText(text: string): void {
    const mapping = mappingIn(text);
    if (!mapping) {
      RED.notify(t('exchange.noMapping'), 'error');
      return;
    }
    session.editMapping(mapping, 'order');
    RED.notify(t('exchange.imported', { count: mapping.rules.length }), 'success');
  }

  function exportFile(): void {
    const { mapping } = session;
    const url = URL.createObjectURL(new Blob([printableJson(mapping)], { type: 'application/json' }));
    const link = element('a', { href: url, download: `${fileName(mapping.name)}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 0);
  }

  return {
    buttons: [
      copyButton,
      pasteButton,
      iconButton('fa-upload', t('exchange.import'), () => file.click()),
      iconButton('fa-download', t('exchange.export'), exportFile),
      file,
    ],
    copy(event) {
      const text = selection();
      if (!text) return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
    },
    cut(event) {
      this.copy(event);
      if (event.defaultPrevented) session.remove(session.state.selected);
    },
    paste(event) {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      event.preventDefault();
      pasteText(text);
    },
  };
}

async function clipboardText(): Promise<string | undefined> {
  try {
    return await navigator.clipboard?.readText();
  } catch {
    return undefined;
  }
}

function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '') || 'mapping';
}
