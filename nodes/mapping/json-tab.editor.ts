import type { Mapping } from '../../src/mapping/mapping.js';
import { mappingIn } from './designer/document.js';

export interface JsonTab {
  show(mapping: Mapping): void;
  /** Undefined when the text is not a mapping; the reason is then shown below it. */
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
      if (text.trim() === '') return undefined;
      try {
        JSON.parse(text);
        const mapping = mappingIn(text);
        if (!mapping) throw new Error(translate('dialog.needsRules'));
        return mapping;
      } catch (error) {
        RED.notify(translate('dialog.badJson', { reason: (error as Error).message }), 'error');
        return undefined;
      }
    },
    close: () => editor.destroy(),
  };
}
