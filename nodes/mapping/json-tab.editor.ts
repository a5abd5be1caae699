import type { Mapping } from '../../src/mapping/mapping.js';
import { firstInvalidRule, mappingIn } from './designer/document.js';
import { ruleLabel } from './rule-label.editor.js';

export interface JsonTab {
  show(mapping: Mapping): void;
  /** Undefined when the text is not a mapping; the reason is then shown as a notification. */
  read(): Mapping | undefined;
  close(): void;
}

export function jsonTab(translate: Translate): JsonTab {
  const editor = RED.editor.createEditor({ id: 'switchboard-mapping-editor', mode: 'ace/mode/json', value: '' });
  return {
    show(mapping) {
      editor.setValue(JSON.stringify(mapping, null, 2));
      editor.resize();
    },
    read() {
      const text = editor.getValue();
      try {
        JSON.parse(text);
        const mapping = mappingIn(text);
        if (!mapping) throw new Error(wrong(text));
        return mapping;
      } catch (error) {
        // The reason may quote the text, so it is not inserted as HTML.
        RED.notify($('<p>').text(translate('dialog.badJson', { reason: (error as Error).message })), 'error');
        return undefined;
      }
    },
    close: () => editor.destroy(),
  };

  function wrong(text: string): string {
    const place = firstInvalidRule(text);
    return place ? translate('dialog.needsFields', { rule: ruleLabel(place, translate) }) : translate('dialog.needsRules');
  }
}
